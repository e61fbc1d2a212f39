"""Says to the gateway whether a person may come in, slows guesses down, and logs them.

Caddy's own sign-in refuses an unknown name later than a known one, and has no limit for guesses.
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
import logging
import os
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from core import logs, passwords

log = logging.getLogger("gateway-signin")

PORT = 9091
USERS = Path("/access/users")
FREE_TRIES = 5
LONGEST_WAIT = 60
FORGOTTEN_AFTER = 900
MOST_ADDRESSES = 10_000
MOST_WAITING = 8
"""Passwords are checked one at a time; who would wait behind more than these is asked to return."""

ASK = (
    "Sign in as ADMIN_USER with ADMIN_PASSWORD, which are in .env, "
    "or as a user created with `make user`."
)


class Slowed(Exception):
    """Too many tries; `seconds` says when to try again."""

    def __init__(self, seconds: float):
        self.seconds = max(1, round(seconds))


class People:
    """Names and hashes: ADMIN_USER, and the lines of the file, read again when it changes."""

    def __init__(self, admin: str, password: str, file: Path):
        self.admin = {admin: passwords.hashed(password)}
        self.file = file
        self.state: tuple | None = None
        self.lines: dict[str, str] = {}

    def hashes(self) -> dict[str, str]:
        """Return the hash of each name."""
        try:
            status = self.file.stat()
            state = (status.st_ino, status.st_mtime_ns, status.st_size)
            if state != self.state:
                text = self.file.read_text(encoding="utf-8", errors="replace")
                words = [line.split() for line in text.splitlines() if not line.startswith("#")]
                self.lines, self.state = {w[0]: w[1] for w in words if len(w) == 2}, state
        except OSError:  # missing, or not readable: the others come in
            self.lines, self.state = {}, None
        return self.lines | self.admin


class Guesses:
    """Counts the refused tries of each address, and says how long it has to wait."""

    def __init__(self):
        self.refused: dict[str, tuple[int, float, float]] = {}

    def wait(self, address: str) -> float:
        """Return the seconds for which this address may not try again."""
        return self.refused.get(address, (0, 0.0, 0.0))[1] - time.monotonic()

    def count(self, address: str) -> int:
        """Add a refused try. After a few free ones, each doubles the wait."""
        now = time.monotonic()
        number, _, last = self.refused.pop(address, (0, 0.0, now))
        number = number + 1 if now - last < FORGOTTEN_AFTER else 1
        pause = min(LONGEST_WAIT, 2 ** (number - FREE_TRIES)) if number >= FREE_TRIES else 0
        self.refused[address] = (number, now + pause, now)
        if len(self.refused) > MOST_ADDRESSES:
            del self.refused[next(iter(self.refused))]
        return number


class Door:
    """Decides who comes in. Who has shown the right password is not slowed by anybody's guesses."""

    def __init__(self, people: People):
        self.people = people
        self.guesses = Guesses()
        self.proven: dict[str, tuple[str, bytes]] = {}
        self.salt = secrets.token_bytes(32)
        self.nobody = passwords.hashed(secrets.token_hex())
        self.turn = threading.Lock()
        self.waiting = threading.BoundedSemaphore(MOST_WAITING)

    def admits(self, name: str, password: str, address: str) -> bool:
        """Return whether this is a person with their password. Raises Slowed."""
        kept = self.people.hashes().get(name)
        seen = hmac.digest(self.salt, password.encode(), hashlib.sha256)
        known, proof = self.proven.get(name, ("", b""))
        if kept is not None and known == kept and hmac.compare_digest(proof, seen):
            return True
        if (wait := self.guesses.wait(address)) > 0:
            raise Slowed(wait)
        if not self.waiting.acquire(blocking=False):
            raise Slowed(2)
        try:
            with self.turn:
                return self.tried(name, password, kept, address, seen)
        finally:
            self.waiting.release()

    def tried(self, name: str, password: str, kept: str | None, address: str, seen: bytes) -> bool:
        """Return whether the password is right. Tries sent at once count one after the other."""
        if (wait := self.guesses.wait(address)) > 0:
            raise Slowed(wait)
        right = passwords.matches(password, kept or self.nobody)
        if right and kept is not None:
            self.proven[name] = (kept, seen)
            return True
        number = self.guesses.count(address)
        log.warning("%s was refused as %r: try %s in a row", address, name[:64], number)
        return False


def credentials(header: str) -> tuple[str, str] | None:
    """Return name and password of a Basic header, or None if it holds none."""
    scheme, _, word = header.partition(" ")
    try:
        text = base64.b64decode(word.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    name, colon, password = text.partition(":")
    return (name, password) if scheme.lower() == "basic" and colon else None


def origin(forwarded: str) -> str:
    """Return the visitor's address as the gateway saw it; of IPv6, the network of a household."""
    try:
        address = ipaddress.ip_address(forwarded.rpartition(",")[2].strip())
    except ValueError:
        return "an unknown address"
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


class Question(BaseHTTPRequestHandler):
    """The gateway's question about one request: 200 with the name, 401, or 429."""

    protocol_version = "HTTP/1.1"
    timeout = 30
    door: Door

    def do_GET(self) -> None:
        """Answer from what the request's own headers hold."""
        if self.path == "/health":
            return self.answer(200, "")
        said = credentials(self.headers.get("Authorization", ""))
        if said is None:
            return self.answer(401, ASK)
        address = origin(self.headers.get("X-Forwarded-For", ""))
        try:
            admitted = self.door.admits(*said, address)
        except Slowed as slowed:
            text = f"Too many sign-ins were refused. Try again in {slowed.seconds} seconds."
            return self.answer(429, text, {"Retry-After": str(slowed.seconds)})
        if not admitted:
            return self.answer(401, ASK)
        return self.answer(200, "", {"X-WEBAUTH-USER": said[0]})

    def answer(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        """Send a short text. A refusal asks the browser for name and password."""
        more = {"WWW-Authenticate": 'Basic realm="restricted"'} if status == 401 else {}
        self.send_response_only(status)
        body = text.encode()
        for name, value in {"Content-Length": str(len(body)), **more, **(headers or {})}.items():
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    request_queue_size = 128


def main() -> None:
    """Serve on the address in LISTEN, until the process ends."""
    logs.set_up()
    people = People(os.environ["ADMIN_USER"], os.environ["ADMIN_PASSWORD"], USERS)
    Question.door = Door(people)
    Server((os.environ["LISTEN"], PORT), Question).serve_forever()


if __name__ == "__main__":
    main()
