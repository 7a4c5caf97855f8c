"""Proves the ledger: what stands in accounts and debts is recomputed from the entries (RE1).

The formulas are written down here a second time, in SQL, and share nothing with the operations.
"""
