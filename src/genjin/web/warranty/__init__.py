"""The page that owners reach by the QR code in the box, and what we make of it (CU13)."""
