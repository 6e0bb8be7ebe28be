"""Benchmarks: each prints ratios to a limit measured in the same run."""
