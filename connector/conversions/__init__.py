"""The main job: rows of the warehouse become conversions at X, once each."""
