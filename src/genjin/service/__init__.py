"""After-sales service. So far: what was shipped, warranty stubs and warranties (CU13).

A stub that an owner sends in is kept as it came; it makes or updates the card, the owned product
and the warranty in one transaction, once.
"""
