"""Buckets, users and who may do what with them; made at start with the root key."""
