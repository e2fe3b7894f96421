"""Experiments: variants of a line item side by side, of which X itself knows nothing.

`file.load_experiment` reads one, `statistics` says what numbers tell, `results` says it in words.
Nothing here asks or changes anything.
"""
