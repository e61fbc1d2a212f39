"""Raw files in; checked rows, rejected rows with their reasons, and features out."""
