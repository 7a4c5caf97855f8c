"""How many cards there are, how full and how fresh they are (CU14)."""
