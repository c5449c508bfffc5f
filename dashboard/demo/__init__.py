"""The demo in one command: `python -m dashboard.demo` (`make run`). Nothing here is used by a real installation."""
