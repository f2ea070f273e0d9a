"""Commands, a module for each room; `riskengine.cli` puts them together."""
