"""The customer's own page of wishes, links to confirm and to unsubscribe, giving them out."""
