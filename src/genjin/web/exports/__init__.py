"""Taking customers out into a file, and finding out whose a file is (CU8)."""
