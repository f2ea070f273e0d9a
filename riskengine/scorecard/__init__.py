"""What was learned: an additive model as plain data. Numpy only."""
