"""The service as a process of its own: started, killed under load, started again, stopped."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from obstore.store import LocalStore

from core.keys import add
from tests.replica import records
from tests.small_model import ASKED, promote, publish


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
        try:
            return self.request("GET", "/health")[0] == 200
        except OSError:
            return False

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

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=20)


@pytest.fixture
def service(tmp_path):
    models = LocalStore(tmp_path / "data" / "models", mkdir=True)
    publish(models, "20130331-aaaaaaaa")
    promote(models, "20130331-aaaaaaaa")
    service = Service(tmp_path)
    service.start()
    yield service
    if service.process.poll() is None:
        service.end(signal.SIGKILL)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_ended_under_load_every_answer_that_arrived_is_stored_exactly_once(service, how):
    with ThreadPoolExecutor(4) as pool:
        clients = [pool.submit(service.ask_until_it_dies, number) for number in range(4)]
        time.sleep(1)
        service.end(how)
        answered = [id for client in clients for id in client.result()]
    service.start()
    service.end(signal.SIGTERM)
    stored = [
        record["id"]
        for record in records(LocalStore(service.folder / "data" / "predictions"), "live")
    ]
    assert len(answered) > 20
    assert len(stored) == len(set(stored)) and set(answered) <= set(stored)
    assert len(stored) <= len(answered) + 4
    assert list((service.folder / "journal").iterdir()) == []


def test_stopping_it_is_no_failure(service):
    assert service.end(signal.SIGTERM) in (0, -signal.SIGTERM)


def test_a_request_hidden_in_the_body_of_an_upgrade_is_never_answered(service):
    """uvicorn's issue 2722: its parser drops the body and reads it as the next request."""
    hidden = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    head = (
        "POST /v1/predict HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
        f"Authorization: Bearer {service.key}\r\nContent-Length: {len(hidden)}\r\n\r\n"
    )
    for pause in (0, 0.05):
        with socket.create_connection(("127.0.0.1", service.port), 10) as connection:
            connection.sendall(head.encode())
            time.sleep(pause)
            connection.sendall(hidden)
            assert answers(connection).count(b"\r\ndate: ") == 1


def answers(connection: socket.socket) -> bytes:
    """Return all that is answered until the other side closes the connection."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ConnectionError:
        pass
    return received
