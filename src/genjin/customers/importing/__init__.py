"""Brings customers in from files of any layout (CU11).

`mapping` says what each column becomes, `rows` cleans one row, `pool` does that in processes of
its own, `duplicates` finds who is there already, `writing` writes a chunk in one transaction,
`operations` are the use cases. States: uploaded, mapped, checking, checked, writing, done,
failed, stopped. The promise: a row comes in whole or not at all, and never twice, whatever dies
in between.
"""
