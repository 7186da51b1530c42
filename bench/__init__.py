"""Benchmarks. Each prints its figures and ratios; none asserts a time."""
