"""Tables that people bring in and take out: CSV and XLSX, read as a stream, written safely.

Nothing here knows what a customer is. `layout.find_layout` says how a file is to be read,
`table.open_table` reads it, `output` writes tables whose cells cannot run as formulas.
"""
