"""How a message that was written down gets out of the house (docs/mail.md).

`claims` moves messages in sets, `sending` is the worker's loop, `remembering` makes a sent message
an interaction. Domains register here what they know: `attachments` load bytes by kind, `composers`
write what a follow-up says, `guards` have the last word before a message goes. Writing a message
down is `operations.delivering.deliver`.
"""
