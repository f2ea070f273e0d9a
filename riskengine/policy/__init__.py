"""What the rules say: the law above the score, local rules as data, three tiers."""
