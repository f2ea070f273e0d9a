"""From YAML that people write to JSON that runs. Nothing on the scoring path imports this room."""
