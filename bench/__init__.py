"""Measurements of the product under load. `python -m bench [B1 B4 …]` runs and prints them."""
