"""What a customer owes and paid: account, entries, cheques, the check of the ledger (RE1)."""
