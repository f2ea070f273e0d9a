"""Checklists and the impact assessment of a model, filled from what is known."""
