"""Commands that belong to one room of the house each; the command line registers them."""
