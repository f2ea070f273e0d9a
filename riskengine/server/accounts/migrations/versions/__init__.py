"""One file a version of the accounts' database."""
