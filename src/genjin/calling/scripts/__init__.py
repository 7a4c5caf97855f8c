"""What is said: the shape of a script, honest placeholders, its reading aloud, its hints (CA2)."""
