"""Which settings of .env can't be meant. Each problem is a sentence that says what to write."""

import re
from collections.abc import Iterator
from pathlib import Path

from ops import dotenv, envfile, subnets
from ops.machine import MOST_REPLICAS

HOST_NAME = re.compile(
    r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])"
)
PORTS = ("GATEWAY_PORT", "LAB_PORT", "STORAGE_PORT")
OPENS = ("DOMAIN", "PUBLIC_HTTP", "PUBLIC_HTTPS")
"""What decides whether the world can connect."""

LONGEST_PASSWORD = 1000
"""Bytes; browsers send it with each request, in a header of limited length."""

SECRET = re.compile(r"[A-Za-z0-9._~-]{8,40}")
"""What stands in an address, a header or a quoted text as it is, and what storage takes."""

FORMS = {
    "CERTIFICATES": (r"acme|internal", "acme or internal"),
    "PROCESSING_MEMORY": (r"(\d+[mg])?", "a number with m or g, such as 1536m"),
    "JUPYTERLAB_MEMORY": (r"(\d+[mg])?", "a number with m or g, such as 576m"),
    "PROCESSING_CORES": (r"(\d+(\.\d+)?)?", "a number of processors, such as 2"),
    "ADMIN_USER": (
        r"[A-Za-z0-9._@-]{1,64}",
        "a user's name: 1 to 64 letters, digits and . _ @ -",
    ),
    "ALLOWED_ORIGINS": (
        r"(https?://[a-z0-9.-]+(:\d+)?(,(?=h)|$))*",
        "origins such as https://shop.example.org, with commas between them and no path",
    ),
    "IMAGE_REGISTRY": (
        r"([a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)*/)?",
        "a registry with a slash at its end, such as registry.example.org/docker/",
    ),
    "BACKUP_REPOSITORY": (
        r"([/.~][^\s:$]*|[a-z0-9]{2,}:\S+)?",
        "a folder such as /mnt/backup, or an address such as s3:https://s3.example.org/bucket",
    ),
    "PACKAGE_INDEX": (
        r"(https?://\S+)?",
        "an address such as https://packages.example.org/simple",
    ),
    "DEBIAN_MIRROR": (
        r"(https?://[^\s|&\\]+[^\s|&\\/])?",
        "an address such as http://debian.example.org, which is followed by /debian",
    ),
    "CERTIFICATE_AUTHORITY": (
        r"(\s*-----BEGIN CERTIFICATE-----[\w+/=\s-]+-----END CERTIFICATE-----\s*)?",
        "the certificate's whole text in quotes, from -----BEGIN to -----END CERTIFICATE-----",
    ),
}


def file_problems() -> Iterator[str]:
    """Yield a sentence for each value of .env that is not what it looks like, here or anywhere."""
    yield from envfile.surprises(dotenv.entries(shell=False))
    for name in sorted(set(dotenv.from_the_shell()) & set(OPENS)):
        yield (
            f"This shell sets {name} to something else than .env, and it decides who can connect. "
            f"Run `unset {name}`, or write it in .env."
        )


def setting_problems(settings: dict[str, str]) -> Iterator[str]:
    """Yield a sentence for each setting that can't be meant."""
    yield from port_problems({name: settings.get(name, "") for name in PORTS})
    domain = settings.get("DOMAIN", "")
    if domain and not HOST_NAME.fullmatch(domain):
        yield (
            f"DOMAIN in .env is {domain!r}; "
            "write a name in small letters, such as flights.example.org."
        )
    for name, (form, meant) in FORMS.items():
        if not re.fullmatch(form, settings.get(name, "")):
            yield f"{name} in .env is {settings.get(name, '')!r}; write {meant}."
    yield from replica_problems(settings)
    yield from secret_problems(settings)
    yield from backup_problems(settings.get("BACKUP_FOLDER", ""))
    try:
        subnets.block(settings.get("NETWORK", ""))
    except ValueError:
        yield (
            f"NETWORK in .env is {settings.get('NETWORK', '')!r}; "
            f"write the first three numbers of a private network, such as {subnets.free()}."
        )


def backup_problems(folder: str) -> Iterator[str]:
    """Yield a sentence if the backup's folder can't take it, or would be lost with the platform."""
    if folder and not Path(folder).is_dir():
        yield (
            f"BACKUP_REPOSITORY in .env is {folder}, and there is no such folder. "
            "Make it, or mount its disk."
        )
    elif folder and Path(folder).is_relative_to(dotenv.PROJECT):
        yield (
            "BACKUP_REPOSITORY in .env lies in this folder, which is part of the backup. "
            "Choose a folder elsewhere, on another disk."
        )


def port_problems(ports: dict[str, str]) -> Iterator[str]:
    """Yield a sentence for each port that is no port, and one if two are the same."""
    for name, port in ports.items():
        if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
            yield f"{name} in .env is {port!r}; write a number from 1 to 65535."
    if len(set(ports.values())) < len(ports):
        names, numbers = ", ".join(ports), ", ".join(ports.values())
        yield f"{names} in .env are {numbers}; write a different number for each."


def replica_problems(settings: dict[str, str]) -> Iterator[str]:
    """Yield a sentence if the numbers of replicas are none, or in the wrong order."""
    least, most = (settings.get(name) or "2" for name in ("REPLICAS_MIN", "REPLICAS_MAX"))
    numbers = [int(text) for text in (least, most) if re.fullmatch(r"[0-9]{1,3}", text)]
    if len(numbers) < 2 or not 1 <= numbers[0] <= numbers[1] <= MOST_REPLICAS:
        yield (
            f"REPLICAS_MIN and REPLICAS_MAX in .env are {least!r} and {most!r}; write two numbers "
            f"from 1 to {MOST_REPLICAS}, the smaller first, or leave them empty and run `make env`."
        )


def secret_problems(settings: dict[str, str]) -> Iterator[str]:
    """Yield a sentence for each password that some part could not use; never the password."""
    password = settings.get("ADMIN_PASSWORD", "")
    if not 0 < len(password.encode()) <= LONGEST_PASSWORD or not password.isprintable():
        yield (
            f"ADMIN_PASSWORD in .env has {len(password.encode())} bytes; write one line of "
            f"1 to {LONGEST_PASSWORD}, or leave it empty and run `make env`."
        )
    secrets = dotenv.secret_names(dotenv.EXAMPLE.read_text(encoding="utf-8"))
    for name in sorted(secrets - {"ADMIN_PASSWORD"} - dotenv.OWN_KEYS.keys()):
        if name in settings and not SECRET.fullmatch(settings[name]):
            yield (
                f"{name} in .env can't be used: write 8 to 40 letters, digits and . _ ~ -, "
                "or for a first start leave it empty and run `make env`."
            )
