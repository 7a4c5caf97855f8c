"""Receivables and collection: the ledger, what is owed, and what is done about it.

The ledger (RE1) is `operations/ledger` over `models/ledger`; every amount that is owed is a
`Receivable`, every movement a `LedgerEntry` that is never changed. Classes, plan, promises and
letters stand on these two.
"""
