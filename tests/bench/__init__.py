"""What a page costs, as ratios against comparators from the same run: `python -m tests.bench` (`make bench`)."""
