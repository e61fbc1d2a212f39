"""The block of addresses that this project's networks are cut from, and what others use."""

import json
import random
import subprocess
from collections.abc import Iterable
from ipaddress import IPv4Network

RANGES = [IPv4Network(text) for text in ("10.128.0.0/9", "172.16.0.0/12", "192.168.0.0/16")]
"""Where a block is chosen; the first is what the fewest machines use."""

WIDEST = 8
"""A route to more addresses than this is the way to everything else, not a network."""


def block(text: str) -> IPv4Network:
    """Return the addresses that NETWORK stands for, or raise ValueError."""
    network = IPv4Network(f"{text}.0/24")
    if not network.is_private or network.is_loopback:
        raise ValueError(text)
    return network


def routes() -> list[IPv4Network]:
    """Return the networks that this machine has a route to; none where it can't be asked."""
    try:
        command = ["ip", "-4", "-json", "route", "show", "table", "all"]
        answer = subprocess.run(command, capture_output=True, timeout=5).stdout
        found = [network(route.get("dst", "")) for route in json.loads(answer or "[]")]
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return []
    return [route for route in found if route and route.prefixlen > WIDEST - 1]


def network(text: str) -> IPv4Network | None:
    """Return the network of this name, or nothing if it is none of IPv4."""
    try:
        return IPv4Network(text, strict=False)
    except ValueError:
        return None


def free(used: Iterable[IPv4Network] | None = None) -> str:
    """Return a block that overlaps none of these, by default of the routes; nothing if all do."""
    taken = routes() if used is None else list(used)
    for addresses in RANGES:
        for chosen in random.sample(range(2 ** (24 - addresses.prefixlen)), 64):
            candidate = IPv4Network((int(addresses.network_address) + chosen * 256, 24))
            if not any(candidate.overlaps(other) for other in taken):
                return str(candidate.network_address).rpartition(".")[0]
    return ""
