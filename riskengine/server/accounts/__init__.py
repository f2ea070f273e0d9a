"""Who may sign in, with which roles where; nothing here is about a supervised person."""
