"""The prediction service as a process of its own, on a folder."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

from core.keys import add
from tests.small_model import ASKED


class Service:
    def __init__(self, folder: Path):
        self.folder = folder
        self.key = add(folder / "access" / "api-keys.json", "owner", ["predict"])
        self.process = None
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]

    def start(self) -> None:
        variables = {
            "STORAGE_URL": self.folder.joinpath("data").as_uri(),
            "JOURNAL_FOLDER": str(self.folder / "journal"),
            "JOURNAL_SECONDS": "0.1",
            "ACCESS_FOLDER": str(self.folder / "access"),
            "LISTEN": "localhost",
            "PORT": str(self.port),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "prediction"], env=os.environ | variables
        )
        while not self.healthy():
            assert self.process.poll() is None
            time.sleep(0.05)

    def healthy(self) -> bool:
        """Return whether it answers, and has its model."""
        try:
            status, health = self.request("GET", "/health")
        except OSError:
            return False
        return status == 200 and health["model"] is not None

    def request(
        self, method: str, path: str, connection=None, body: str | None = None
    ) -> tuple[int, dict]:
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, body, {"Authorization": f"Bearer {self.key}"})
        reply = connection.getresponse()
        return reply.status, json.load(reply)

    def ask_until_it_dies(self, _: int) -> list[str]:
        """Return the ids of all answers that arrived."""
        answered = []
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            while True:
                answered.append(
                    self.request("POST", "/v1/predict", connection, json.dumps(ASKED))[1]["id"]
                )
        except (OSError, http.client.HTTPException):
            return answered

    def ask(self) -> tuple[int, str | None, float]:
        """Ask once; return the status, when to ask again, and the seconds that it took."""
        begun = time.monotonic()
        reply = self.begin_to_ask().getresponse()
        reply.read()
        return reply.status, reply.headers["Retry-After"], time.monotonic() - begun

    def begin_to_ask(self) -> http.client.HTTPConnection:
        """Ask without waiting for the answer; return the connection that it will come on."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {self.key}"}
        connection.request("POST", "/v1/predict", json.dumps(ASKED), headers)
        return connection

    def metric(self, name: str) -> float:
        """Return the sum of a metric over its labels."""
        with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as reply:
            lines = reply.read().decode().splitlines()
        return sum(float(line.split()[1]) for line in lines if re.match(rf"{name}[ {{]", line))

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=20)
