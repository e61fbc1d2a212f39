"""The container's health check: request /health on the first name in LISTEN."""

import os
from urllib.request import urlopen

if __name__ == "__main__":
    name = os.path.expandvars(os.environ.get("LISTEN", "127.0.0.1")).split()[0]
    urlopen(f"http://{name}:{os.environ.get('PORT', '8000')}/health", timeout=4).close()
