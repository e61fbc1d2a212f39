"""From inside each container: what may be reached can be, nothing else."""

import json
import os
import warnings

import pytest
from running import run

PYTHON = "python:3.13.16-slim-trixie"
PORTS = {
    "gateway": [8080, 8081, 9000, 2019, 2020],
    "gateway-signin": [9091],
    "storage": [9000],
    "database": [5432],
    "database-notebooks": [5432],
    "processing": [4000],
    "processing-web": [3000],
    "processing-metrics": [9100],
    "prediction": [8000],
    "autoscaler": [9101],
    "jupyterlab": [8888],
    "dashboard": [3000],
    "monitoring": [9090],
    "monitoring-machine": [9100],
    "monitoring-alerts": [9093],
    "logs": [9428],
}
REACHES = {
    "gateway": {
        "gateway-signin",
        "storage",
        "processing-web",
        "prediction",
        "jupyterlab",
        "dashboard",
        "monitoring",
        "logs",
    },
    "gateway-signin": set(),
    "database-notebooks": {"database"},
    "processing": {"storage", "database"},
    "processing-daemon": {"processing", "database"},
    "processing-web": {"processing", "database"},
    "processing-metrics": {"database", "monitoring-machine"},
    "prediction": {"storage"},
    "jupyterlab": {"storage", "database-notebooks", "prediction"},
    "dashboard": {"database", "monitoring"},
    "monitoring": {
        "gateway",
        "storage",
        "processing-metrics",
        "prediction",
        "autoscaler",
        "monitoring-machine",
        "monitoring-alerts",
        "dashboard",
        "logs",
    },
    "monitoring-alerts": set(),
    "logs": {"gateway"},
    "monitoring-machine": {"processing-metrics"},
    "autoscaler": {"prediction"},
    "autoscaler-filter": set(),
    "storage": set(),
    "database": set(),
    "backup": {"database", "gateway"},
}
OUTSIDE = {"gateway", "backup", "processing", "jupyterlab", "monitoring-alerts"}
PROBE = """
import json, os, socket
from concurrent.futures import ThreadPoolExecutor
def opens(target):
    try:
        socket.create_connection(target, timeout=2).close()
        return True
    except OSError:
        return False
targets = [tuple(target) for target in json.loads(os.environ["TARGETS"])]
with ThreadPoolExecutor(32) as pool:
    opened = [list(t) for t, yes in zip(targets, pool.map(opens, targets)) if yes]
routes = [line.split()[1] for line in open("/proc/net/route").read().splitlines()[1:]]
print(json.dumps([opened, "00000000" in routes]))
"""


def addresses(containers) -> dict[str, str]:
    """Return each address in the stack, with the service that has it."""
    return {
        network["IPAddress"]: service
        for service, replicas in containers.items()
        for container in replicas
        if container["State"]["Running"]
        for network in container["NetworkSettings"]["Networks"].values()
    }


def probe(container: dict, services: dict[str, str]) -> tuple[set[str], bool]:
    """Return the services that a container reaches, and whether it has a way outside."""
    own = {network["IPAddress"] for network in container["NetworkSettings"]["Networks"].values()}
    targets = [
        (ip, port)
        for ip, service in services.items()
        if ip not in own
        for port in PORTS.get(service, [])
    ]
    network = f"container:{container['Id']}"
    done = run(
        "docker",
        "run",
        "--rm",
        "--network",
        network,
        "-e",
        f"TARGETS={json.dumps(targets)}",
        PYTHON,
        "python",
        "-c",
        PROBE,
    )
    opened, outside = json.loads(done.stdout.splitlines()[-1])
    return {services[ip] for ip, _ in opened}, outside


@pytest.mark.parametrize("service", ["jupyterlab", "processing"])
def test_the_clouds_metadata_is_out_of_reach(stack, service):
    """The address is the container's own: nothing that is sent there leaves it."""
    own = "import socket; socket.socket().bind(('169.254.169.254', 0)); print('own')"
    assert stack.inside(service, own).strip() == "own"
    routes = stack.inside(service, "print(open('/proc/net/route').read())")
    assert "0000FEA9" in routes, "no other address of 169.254.0.0/16 is sent on by a router"
    ipv6 = "import socket; socket.socket(socket.AF_INET6).connect(('fd00:ec2::254', 80))"
    assert (
        "Network is unreachable"
        in stack.compose("exec", "-T", service, "python", "-c", ipv6, check=False).stdout
    )


def test_each_service_reaches_what_it_may_and_nothing_else(stack):
    containers = stack.containers()
    services = addresses(containers)
    running = {
        service: many[0] for service, many in containers.items() if many[0]["State"]["Running"]
    }
    probed = {service: probe(container, services) for service, container in running.items()}
    reached = {service: others - {service} for service, (others, _) in probed.items()}
    if "stand-in" in stack.compose("logs", "--tail", "5", "dashboard").stdout or os.environ.get(
        "IMAGES_COMMAND"
    ):
        warnings.warn(
            "Grafana's stand-in listens on every network: "
            "whether the database can reach the real one was not tested",
            stacklevel=1,
        )
        reached["database"] -= {"dashboard"}
    assert reached == REACHES
    assert {service for service, (_, outside) in probed.items() if outside} == OUTSIDE
