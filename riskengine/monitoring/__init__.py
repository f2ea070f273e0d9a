"""Watching a model in use: what changed since the reference, and what that would justify."""
