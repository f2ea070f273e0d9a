"""Policies as pages for lawyers: one explained, two compared."""
