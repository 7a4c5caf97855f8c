"""The forms of the card, by subject: they read what was typed; operations decide.

A form keeps what it showed in the hidden field `seen` (signed), so that an operation can tell
what this person changed from what somebody else changed meanwhile.
"""
