"""Recommendations for people to read: on a terminal, on a page, on paper."""
