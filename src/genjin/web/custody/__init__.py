"""Who looked at which card, loans, and the cards that nobody confirmed for long (CU6, CU8)."""
