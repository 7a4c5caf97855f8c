"""How many cards there are, how full and how fresh, against the targets (CU14)."""
