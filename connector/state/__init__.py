"""What the tool remembers: the ledger of conversions, runs, cursors, and who is running."""
