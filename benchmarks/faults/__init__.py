"""Faults put into a running practice, and what was acknowledged, lost and doubled: `python -m benchmarks.faults`."""
