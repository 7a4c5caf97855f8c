"""Brings open items and payments in from files (RE15): nothing is booked twice, nothing guessed.

`mapping` says which column holds what, `reading` turns a row into values, `items` enters debts (and
the payments that a row of history already tells), `payments` matches a bank's lines and books what
is certain; the rest waits in `WaitingPayment` for a person (`operations.waiting`).
"""
