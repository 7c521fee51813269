"""A large practice under a steady rate of check-ins and page views: `python -m benchmarks.load`."""
