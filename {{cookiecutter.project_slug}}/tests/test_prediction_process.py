"""The service as a process of its own: started, killed under load, started again, stopped."""

import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from obstore.store import LocalStore

from tests.replica import records


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


@pytest.mark.parametrize("service", [0.25], indirect=True)
def test_stopped_it_takes_nothing_more_and_finishes_what_it_has(service):
    with ThreadPoolExecutor(4) as clients:
        asked = [clients.submit(service.ask) for _ in range(4)]
        while service.metric("work_waiting") + service.metric("work_computing") < 4:
            assert not any(one.done() for one in asked)
        service.process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        while not refused(service.port):
            assert time.monotonic() - told < 1
        assert [one.result()[0] for one in asked] == [200] * 4
    assert service.process.wait(timeout=10) in (0, -signal.SIGTERM)
    stored = records(LocalStore(service.folder / "data" / "predictions"), "live")
    assert len({record["id"] for record in stored}) == len(stored) == 4


def refused(port: int) -> bool:
    """Return whether nobody takes a connection any more."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) != 0


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
