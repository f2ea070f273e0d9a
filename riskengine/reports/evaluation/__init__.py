"""Pages about an evaluation: the full report, and one page for a director."""
