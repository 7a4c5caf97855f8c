"""The only writers of receivables."""
