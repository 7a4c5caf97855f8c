"""Possible deals (SA2): their stages, grades, and how they are won or lost."""
