"""What is asked: instruments as data, and assessments checked against them."""
