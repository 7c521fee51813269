"""Error rates and speed of possible strain; `python -m benchmarks.signals` prints them."""
