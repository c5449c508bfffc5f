"""The demo in one command: `python -m dashboard.run` (`make run`). Nothing here is used by a real installation."""
