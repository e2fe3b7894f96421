"""Campaigns and what is in them: fields, rules and decisions, all of plain values."""
