"""The container's health check: the autoscaler's own figures can be read, and are new."""

import http.client
import os
import sys

from autoscaler.metrics import PORT

if __name__ == "__main__":
    connection = http.client.HTTPConnection(os.environ["LISTEN"], PORT, timeout=4)
    connection.request("GET", "/metrics")
    sys.exit(connection.getresponse().status != 200)
