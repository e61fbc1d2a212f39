"""A storage key for another application: `python -m storage.key reports raw:write,predictions:read`."""

import json
import re
import secrets
import sys

from storage import server
from storage.rights import BUCKETS, ON_OBJECTS, SERVICES, policy

USAGE = "Say `make storage-key NAME=reports RIGHTS=predictions:read`, or RIGHTS=none to take a key away."

ONE_OF = f"BUCKET is one of {', '.join(BUCKETS)}, and RIGHT one of {', '.join(ON_OBJECTS)}"


def complaints(name: str, rights: list[str]):
    """What is wrong with the request, each as a sentence that says what to write instead."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{2,39}", name):
        yield "NAME is 3 to 40 small letters, digits and hyphens, and begins with a letter."
    if name == "root" or name in SERVICES:
        yield f"{name} is a name of the platform's own. Choose another NAME."
    for right in rights:
        place, _, deed = right.partition(":")
        if place not in BUCKETS or deed not in ON_OBJECTS:
            yield f"RIGHTS has {right!r}. Write BUCKET:RIGHT; {ONE_OF}."


def take_away(name: str) -> None:
    """Remove the user and its policy; its key stops working at once."""
    admin = server.admin()
    if name not in json.loads(admin.user_list()):
        sys.exit(f"There is no storage key {name}.")
    admin.user_remove(access_key=name)
    admin.policy_remove(policy_name=f"key-{name}")
    print(f"The storage key {name} no longer works.")


def make(name: str, rights: list[str]) -> None:
    """Make the user with a policy of just these rights, and show its secret, which is kept nowhere."""
    admin = server.admin()
    if name in json.loads(admin.user_list()):
        sys.exit(
            f"There is a storage key {name}. Choose another NAME, or take it away with RIGHTS=none."
        )
    secret = secrets.token_urlsafe(30)
    admin.policy_add(policy_name=f"key-{name}", policy=policy(rights))
    admin.user_add(access_key=name, secret_key=secret)
    admin.policy_set(policy_name=f"key-{name}", user=name)
    print(
        f"access key: {name}\nsecret key: {secret}\n\nWrite the secret down now; it is shown only once."
    )


def main(words: list[str]) -> None:
    if len(words) != 2:
        sys.exit(USAGE)
    name, rights = words[0], words[1].split(",")
    if wrong := "\n".join(complaints(name, [] if rights == ["none"] else rights)):
        sys.exit(wrong)
    server.wait()
    if rights == ["none"]:
        take_away(name)
    else:
        make(name, rights)


if __name__ == "__main__":
    main(sys.argv[1:])
