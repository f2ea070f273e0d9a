"""``python -m riskengine``."""

from riskengine.cli import main

main()
