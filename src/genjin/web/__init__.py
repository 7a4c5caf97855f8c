"""Pages: urls, function views, forms and templates, one folder for each area. No business here."""
