"""Benchmarking harness for the NTIRE Efficient Super-Resolution challenge."""

__version__ = "0.1.0"
