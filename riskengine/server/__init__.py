"""The service: a JSON API for other systems and pages for people, over one engine and casebook."""
