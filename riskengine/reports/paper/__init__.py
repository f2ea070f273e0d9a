"""Paper forms: what paper computes is what the program computes."""
