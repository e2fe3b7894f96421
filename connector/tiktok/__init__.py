"""The wire of TikTok's Business API, and nothing but the wire."""
