"""Many at once, by the same code as for one."""
