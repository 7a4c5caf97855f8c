"""Takes customers out into a file: with a right, a reason, an approval and a watermark (CU8).

The mark names the export. It stands in the first line, beside each row and in the properties of
the file; `tracing` finds the export from the file alone, by the mark, by the bytes, or by the
customers in it.
"""
