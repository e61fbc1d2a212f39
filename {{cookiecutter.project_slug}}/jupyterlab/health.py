"""The container's health check: request JupyterLab at the address that it binds."""

import os
from urllib.request import urlopen

if __name__ == "__main__":
    urlopen(f"http://{os.environ['LISTEN']}:8888/api", timeout=4).close()
