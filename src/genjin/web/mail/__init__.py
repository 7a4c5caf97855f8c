"""Messages that a machine sends: what waits, what went, what needs a person."""
