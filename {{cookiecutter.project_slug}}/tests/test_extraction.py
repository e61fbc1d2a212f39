"""Fetching from a web server that breaks off, changes, refuses, or has nothing yet."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.quarantine import entries
from core.storage import create, names, read
from processing.rows import ingest
from processing.sources import web
from processing.sources.problem import SourceProblem
from processing.sources.web import finished_months, web_file
from processing.steps import fetch_raw

CONTENT = bytes(range(256)) * 4_000


class Server(BaseHTTPRequestHandler):
    """Serve CONTENT with ranges; the server's `plan` says for each request what goes wrong."""

    def do_GET(self):
        self.server.asked.append(dict(self.headers))
        how = self.server.plan.pop(0) if self.server.plan else "whole"
        if isinstance(how, int):
            return self.send_error(how)
        start = (
            int(self.headers["Range"][6:-1])
            if self.headers["If-Range"] == self.server.version
            else 0
        )
        self.send_response(206 if start else 200)
        self.send_header("ETag", self.server.version)
        self.send_header("Content-Length", str(len(self.server.content) - start))
        self.end_headers()
        self.wfile.write(self.server.content[start : start + 300_000 if how == "broken" else None])
        self.server.sent += 1

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    """Yield a web server on this machine, which knows its address."""
    monkeypatch.setattr(web, "PAUSE", 0)
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        running.content, running.version = CONTENT, '"first"'
        running.plan, running.asked, running.sent = [], [], 0
        running.url = f"http://127.0.0.1:{running.server_port}/2024-01.csv?key=hidden"
        thread = threading.Thread(target=running.serve_forever, args=[0.05])
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def fetched(url: str, have: set[str] = frozenset()) -> list[tuple[str, bytes]]:
    files = []
    for name, file in web_file(url, "flights/2024-01.csv", have):
        file.seek(0)
        files.append((name, file.read()))
    return files


def test_a_file_comes_whole_and_once(server):
    assert fetched(server.url) == [("flights/2024-01.csv", CONTENT)]
    assert fetched(server.url, {"flights/2024-01.csv"}) == [] and server.sent == 1


def test_a_broken_download_goes_on_where_it_broke(server):
    server.plan = ["broken", 503, "broken"]
    assert fetched(server.url)[0][1] == CONTENT
    assert [request.get("Range") for request in server.asked] == [
        None,
        "bytes=300000-",
        "bytes=300000-",
        "bytes=600000-",
    ]


def test_a_file_that_changed_meanwhile_is_fetched_anew(server):
    server.plan = ["broken", "whole"]
    server.asked = Changing(server)
    assert fetched(server.url)[0][1] == CONTENT[::-1]


class Changing(list):
    """Give the server another file with its second request."""

    def __init__(self, server):
        super().__init__()
        self.server = server

    def append(self, request):
        super().append(request)
        if len(self) == 2:
            self.server.content, self.server.version = CONTENT[::-1], '"second"'


def test_a_file_that_is_not_there_yet_is_no_problem(server):
    server.plan = [404]
    assert fetched(server.url) == [] and fetched(server.url)


@pytest.mark.parametrize(
    ("plan", "said"),
    [([401], "Check SOURCE_TOKEN"), ([400], "its address"), ([503] * 5, "5 times")],
)
def test_a_refusal_is_told_without_secrets(server, monkeypatch, plan, said):
    monkeypatch.setenv("SOURCE_TOKEN", "hidden")
    server.plan = plan
    with pytest.raises(SourceProblem, match=said) as raised:
        fetched(server.url)
    assert "hidden" not in str(raised.value) and "/2024-01.csv" in str(raised.value)
    assert server.asked[0]["Authorization"] == "Bearer hidden"


@pytest.fixture
def source(server, sample, monkeypatch):
    """Let the pipeline fetch a file of the use case's own rows from the server."""
    monkeypatch.setattr(
        ingest, "extract", lambda have: web_file(server.url, "flights/2024-01.csv", have)
    )
    server.content = sample.head(4_000).write_csv().encode()
    return server


def test_a_source_that_is_away_holds_up_nothing_else(source, storage):
    source.plan = [503] * 5
    assert "answered 503" in fetch_raw()["problem"] and names(storage("raw")) == []
    assert fetch_raw() == {"new_files": 1}
    assert read(storage("raw"), "flights/2024-01.csv") == source.content
    assert fetch_raw() == {"new_files": 0}


ERROR_PAGES = [
    b"<!DOCTYPE html><html><body>Please sign in</body></html>",
    b'{"error": "quota exceeded"}',
    b"Service temporarily unavailable\n",
    b"",
]


@pytest.mark.parametrize("page", ERROR_PAGES)
def test_an_error_page_with_status_200_is_not_kept_and_asked_for_again(source, storage, page):
    whole, source.content = source.content, page
    assert fetch_raw() == {"new_files": 0} and names(storage("raw")) == []
    (entry,) = entries(storage("processed"))
    assert entry["name"] == "flights/2024-01.csv" and "not kept" in entry["reason"]
    source.content = whole
    assert fetch_raw() == {"new_files": 1}
    assert [entry["reason"] for entry in entries(storage("processed"))] == [""]


def test_an_open_file_is_stored_once_and_never_replaced(storage, tmp_path):
    for content in (b"first", b"", b"second"):
        with (tmp_path / "file").open("w+b") as file:
            file.write(content)
            assert create(storage("raw"), "one.csv", file) is (content == b"first")
    assert read(storage("raw"), "one.csv") == b"first"


def test_only_months_that_are_over_are_asked_for():
    months = list(finished_months("2023-11"))
    assert months[:4] == ["2023-11", "2023-12", "2024-01", "2024-02"] and months == sorted(months)
    assert list(finished_months("2999-01")) == []
