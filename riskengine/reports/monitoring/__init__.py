"""Pages of the monitor: what changed, what it would justify, and what became of overrides."""
