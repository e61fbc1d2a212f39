"""What `extract` in `model/source.py` may use to fetch rows: databases and web servers."""
