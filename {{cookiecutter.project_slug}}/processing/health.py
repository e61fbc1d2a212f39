"""Health checks of the processing containers, light enough to run every few seconds."""

import json
import os
import socket
import sys
from urllib.request import ProxyHandler, build_opener

open_here = build_opener(ProxyHandler({})).open  # an address is never reached through a proxy


def own_address() -> str:
    """Return the address that this service binds, from LISTEN."""
    return socket.gethostbyname(os.environ.get("LISTEN", "127.0.0.1").split()[0])


def code() -> None:
    """Connect to the code server."""
    socket.create_connection((own_address(), 4000), timeout=3).close()


def web() -> None:
    """Ask the pipelines' page."""
    json.load(open_here(f"http://{own_address()}:3000/pipelines/server_info", timeout=5))


def metrics() -> None:
    """Ask the exporter, which answers without its database too."""
    open_here(f"http://{own_address()}:9100/metrics", timeout=5).close()


def daemon() -> None:
    """Check that the daemon's sensors have ticked within the last two minutes."""
    import psycopg2

    with psycopg2.connect(os.environ["ORCHESTRATOR_DATABASE_URL"], connect_timeout=3) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT count(*) FROM daemon_heartbeats WHERE daemon_type = 'SENSOR'"
            " AND timestamp > (now() AT TIME ZONE 'utc') - interval '2 minutes'"
        )
        if cursor.fetchone() == (0,):
            raise SystemExit("The sensors have not ticked for two minutes.")


if __name__ == "__main__":
    {"code": code, "web": web, "metrics": metrics, "daemon": daemon}[sys.argv[1]]()
