"""Tailor: adapts language models to a team's own data, and finds out first whether it should."""

__version__ = "0.1.0"
