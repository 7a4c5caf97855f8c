"""The open warning signals of customers, as rows (customer_id, code), for set-based statements.

What the records show by themselves stands here; the codes are those of policy/collection.toml.
"""

# A cheque or acceptance bill that the bank refused, until it is paid or given back.
OPEN_SIGNALS = """
SELECT DISTINCT i.customer_id, 'dishonoured'::text AS code
FROM receivables_instrument i WHERE i.state = 'dishonoured'
"""
