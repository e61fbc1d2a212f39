"""Share out the machine's memory: what each part of compose.yaml needs, and who gets the rest."""

import re
from collections.abc import Mapping

from ops import machine
from ops.docker import PROJECT

MB = 2**20
SYSTEM = 256
"""MB for the machine itself and for Docker."""

LIMITS = {"PROCESSING_MEMORY": ("processing", 0.6), "JUPYTERLAB_MEMORY": ("jupyterlab", 0.3)}
"""By variable: the part that it limits, and its share of what is left beyond all reservations."""

ALWAYS_ON = ""
SERVICE = re.compile(r"^  ([a-z-]+):.*\n((?:(?:    .*)?\n)+)", re.MULTILINE)
PROFILE = re.compile(r"^    profiles: \[([a-z-]+)\]", re.MULTILINE)
RESERVATION = re.compile(r"reservations: \{memory: (\d+)m\}")


def reservations(settings: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Return by profile the MB that each of its parts needs, all replicas that always run as one.

    Parts that can't be switched off have the profile ALWAYS_ON.
    """
    needs: dict[str, dict[str, int]] = {}
    least = settings.get("REPLICAS_MIN", "")
    replicas = int(least if least.isdecimal() else machine.fewest_replicas())
    for part, block in SERVICE.findall((PROJECT / "compose.yaml").read_text(encoding="utf-8")):
        if need := RESERVATION.search(block):
            profile = match[1] if (match := PROFILE.search(block)) else ALWAYS_ON
            needs.setdefault(profile, {})[part] = int(need[1]) * (
                replicas if part == "prediction" else 1
            )
    chosen = {ALWAYS_ON, *settings.get("COMPOSE_PROFILES", "").split(",")}
    return {profile: parts for profile, parts in needs.items() if profile in chosen}


def needed(settings: Mapping[str, str]) -> int:
    """Return the MB that the platform needs, the machine's own among them."""
    return SYSTEM + sum(sum(parts.values()) for parts in reservations(settings).values())


def limits(settings: Mapping[str, str], total: float) -> dict[str, str]:
    """Return the limits in LIMITS as Docker reads them, on a machine with so many bytes."""
    rest = max(0, int(total / MB) - needed(settings))
    by_part = {
        part: need for parts in reservations(settings).values() for part, need in parts.items()
    }
    return {
        name: f"{by_part[part] + int(share * rest)}m"
        for name, (part, share) in LIMITS.items()
        if part in by_part
    }


def sums(settings: Mapping[str, str], total: float) -> str:
    """Return how the limits come about, for people."""
    parts = needed(settings) - SYSTEM
    shares = ", ".join(
        f"{share * 100:.0f} % of it for {part}, which has {settings[name]} then"
        for name, (part, share) in LIMITS.items()
        if settings.get(name)
    )
    return (
        f"Memory: {total / MB:,.0f} MB here, less {SYSTEM} for the machine itself and {parts:,} "
        f"that the parts need, leave {max(0, total / MB - SYSTEM - parts):,.0f}: {shares}."
    )


def problem(settings: Mapping[str, str], total: float) -> str:
    """Return what to switch off where the memory is too small, or nothing."""
    missing = needed(settings) - int(total / MB)
    if missing <= 0:
        return ""
    sizes = {name: sum(parts.values()) for name, parts in reservations(settings).items() if name}
    off: list[str] = []
    for name in sorted(sizes, key=sizes.__getitem__, reverse=True):
        if sum(sizes[one] for one in off) < missing:
            off.append(name)
    short = (
        f"Docker has {total / MB:,.0f} MB of memory, and the platform needs "
        f"{needed(settings):,} MB as it is set up."
    )
    if sum(sizes[one] for one in off) < missing:
        least = needed(settings) - sum(sizes.values())
        return f"{short} Give it more: it needs {least:,} MB without any of the optional parts."
    parts = " and ".join(f"{name} ({sizes[name]} MB)" for name in off)
    return f"{short} Give it more, or take {parts} out of COMPOSE_PROFILES in .env."
