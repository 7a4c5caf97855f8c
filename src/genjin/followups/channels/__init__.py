"""The ways out of the house: the only place that may reach a mail client.

A channel opens a `Session` to its server and hands it one message at a time; the answer is an
`Outcome`. It decides nothing: whether a message goes stands in `followups/delivery`.
"""
