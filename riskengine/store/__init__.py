"""Look-up of instruments, models, policies and texts by name, read-only."""
