"""The catalogue: products with their facts, prices and knowledge. Orders will stand here."""
