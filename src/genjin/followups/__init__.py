"""The queue, the gate and the memory of contacts.

Owns follow-ups, queues and lanes, contacts, interactions, outcomes' effects on the queue, and
commitments. States: planned → ready → taken → done, with cancelled and expired as other ends.
Promise: one follow-up is never in two hands, nothing reaches a customer without the gate, what
was begun and not closed is `unknown` and waits for a person. Why a contact is planned, and what
an outcome means for its business, is said further up (`flows/purposes`).
"""
