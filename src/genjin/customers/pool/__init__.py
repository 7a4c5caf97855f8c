"""The pool of customers that nobody keeps (CU17).

`rules` says when a card goes back and when that is told, `queries` whose pool a card lies in.
Taking and giving are `customers.operations.pool`; the night's work is `flows.pool`, which also
knows what is open about a customer.
"""
