"""How a model is learned: a cohort in, a scorecard out. Data frames stay inside."""
