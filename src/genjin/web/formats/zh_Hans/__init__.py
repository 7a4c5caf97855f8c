"""Dates and numbers of this language: the house formats."""
