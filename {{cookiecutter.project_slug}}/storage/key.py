"""Storage keys for other applications: `python -m storage.key reports predictions:read`."""

import json
import re
import secrets
import sys
from collections.abc import Iterator

from storage import server
from storage.rights import ACTIONS, BUCKETS, SERVICES, policy

USAGE = (
    "Run `make storage-key NAME=reports RIGHTS=predictions:read`, or RIGHTS=none to revoke a key."
)
CHOICES = f"BUCKET is one of {', '.join(BUCKETS)}, and RIGHT one of {', '.join(ACTIONS)}"


def complaints(name: str, rights: list[str]) -> Iterator[str]:
    """Yield what is wrong with the request, as sentences that say what to write instead."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{2,39}", name):
        yield "NAME is 3 to 40 small letters, digits and hyphens, and begins with a letter."
    if name == "root" or name in SERVICES:
        yield f"{name} is a name of the platform's own. Choose another NAME."
    for right in rights:
        bucket, _, action = right.partition(":")
        if bucket not in BUCKETS or action not in ACTIONS:
            yield f"RIGHTS has {right!r}. Write BUCKET:RIGHT; {CHOICES}."


def revoke(name: str) -> None:
    """Remove the user and its policy; its key stops working at once."""
    admin = server.admin()
    if name not in json.loads(admin.user_list()):
        sys.exit(f"There is no storage key {name}.")
    admin.user_remove(access_key=name)
    admin.policy_remove(policy_name=f"key-{name}")
    print(f"The storage key {name} no longer works.")


def make(name: str, rights: list[str]) -> None:
    """Make a user with just these rights, and print its secret, which is stored nowhere."""
    admin = server.admin()
    if name in json.loads(admin.user_list()):
        sys.exit(
            f"There is a storage key {name} already. "
            "Choose another NAME, or revoke it with RIGHTS=none."
        )
    secret = secrets.token_urlsafe(30)
    admin.policy_add(policy_name=f"key-{name}", policy=policy(rights))
    admin.user_add(access_key=name, secret_key=secret)
    admin.policy_set(policy_name=f"key-{name}", user=name)
    print(f"access key: {name}\nsecret key: {secret}\n")
    print("Write the secret down now; it is shown only once.")


def main(words: list[str]) -> None:
    if len(words) != 2:
        sys.exit(USAGE)
    name, rights = words[0], words[1].split(",")
    revoking = rights == ["none"]
    if problems := list(complaints(name, [] if revoking else rights)):
        sys.exit("\n".join(problems))
    server.wait()
    if revoking:
        revoke(name)
    else:
        make(name, rights)


if __name__ == "__main__":
    main(sys.argv[1:])
