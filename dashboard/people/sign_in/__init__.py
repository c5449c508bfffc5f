"""Signing in: what allauth does for us, and what we ask of it beyond its settings."""
