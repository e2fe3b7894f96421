"""The wire of X Ads, and nothing but the wire."""
