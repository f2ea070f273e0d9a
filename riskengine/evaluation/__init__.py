"""How good a model is: measures of predictions against outcomes."""
