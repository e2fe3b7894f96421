"""Moves conversions from a warehouse into X Ads and tells what became of every row."""

__version__ = "0.1.0"
