"""Buckets, users and their rights; made at start with the root key."""
