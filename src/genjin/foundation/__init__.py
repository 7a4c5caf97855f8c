"""Django without business nouns: people who sign in, what they may do, and the record of it.

Owns users, teams, sessions, the audit trail, policy settings, long tasks and heartbeats, and the
tools every domain stands on: `transition()`, `access`, `audit`, `insert_only`, `jobs`, `policy`.
Promise: what the audit trail says cannot be changed through the product.
"""
