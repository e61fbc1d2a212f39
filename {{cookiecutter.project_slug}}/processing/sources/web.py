"""Files from a web server, for `extract` in model/source.py."""

import base64
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from http.client import HTTPException
from typing import BinaryIO
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from processing.sources.problem import SourceProblem, without_secrets

TIMEOUT = 30
"""Seconds of silence after which a connection counts as broken."""

ATTEMPTS = 5
PAUSE = 1.0
"""Seconds before the second attempt; each further one waits twice as long."""

NOT_THERE_YET = (404, 410)
TEMPORARY = (408, 429, 500, 502, 503, 504)


def finished_months(first: str) -> Iterator[str]:
    """Yield every month from the first, such as `2024-01`, to the last one that is over."""
    day = date.fromisoformat(f"{first}-01")
    this_month = date.today().replace(day=1)
    while day < this_month:
        yield f"{day:%Y-%m}"
        day = (day + timedelta(days=31)).replace(day=1)


def web_file(url: str, path: str, have: set[str]) -> Iterator[tuple[str, BinaryIO]]:
    """Yield the file at this address, to be stored under `path`.

    Yields nothing if it is stored already or not there yet. Signs in with SOURCE_TOKEN, or with
    SOURCE_USER and SOURCE_PASSWORD, if they are set. Where a connection breaks, the download
    resumes; the file is yielded only when it is complete.
    """
    if path in have:
        return
    with tempfile.TemporaryFile() as file:
        if _Download(url, file).finish():
            yield path, file


class _Download:
    """A download in progress; `version` is the server's name for the content so far."""

    def __init__(self, url: str, file: BinaryIO):
        address = urlsplit(url)
        self.public_url = f"{address.scheme}://{address.hostname}{address.path}"
        if "@" in address.netloc:
            raise SourceProblem(
                f"Write the user of {self.public_url} into SOURCE_USER and SOURCE_PASSWORD, "
                "not into its address."
            )
        self.url, self.file = url, file
        self.version: str | None = None

    def finish(self) -> bool:
        """Try until all is there. Returns False if there is no such file; raises SourceProblem."""
        problem = ""
        for attempt in range(ATTEMPTS):
            time.sleep(PAUSE * 2 ** (attempt - 1) if attempt else 0)
            try:
                self.resume()
                return True
            except HTTPError as answer:
                if answer.code in NOT_THERE_YET:
                    return False
                if answer.code not in TEMPORARY:
                    raise SourceProblem(self.refusal(answer.code)) from None
                problem = f"answered {answer.code}"
            except (OSError, HTTPException) as error:
                problem = f"broke off: {without_secrets(str(error), urlsplit(self.url).query)}"
        raise SourceProblem(
            f"{self.public_url} {problem}, {ATTEMPTS} times. The next run tries again."
        )

    def refusal(self, status: int) -> str:
        """Return the sentence about an answer that another attempt would not change."""
        advice = "Check its address in model/source.py."
        if status in (401, 403):
            advice = "Check SOURCE_TOKEN, or SOURCE_USER and SOURCE_PASSWORD, in .env."
        return f"{self.public_url} answered {status}. {advice}"

    def resume(self) -> None:
        """Fetch what is missing, or everything if the server can't tell whether it changed."""
        have = self.file.tell() if self.version else 0
        with urlopen(self.request(have), timeout=TIMEOUT) as reply:
            start = have if reply.status == 206 else 0
            self.file.seek(start)
            self.file.truncate()
            self.version = reply.headers["ETag"] or reply.headers["Last-Modified"]
            shutil.copyfileobj(reply, self.file)
            length = reply.headers["Content-Length"]
        if length is not None and self.file.tell() != start + int(length):
            raise ConnectionError(f"{self.file.tell()} of {start + int(length)} bytes came")

    def request(self, have: int) -> Request:
        """Return the request for what comes after the bytes that are here."""
        request = Request(self.url, headers={"User-Agent": "slipway"})
        if have and self.version:
            request.add_header("Range", f"bytes={have}-")
            request.add_header("If-Range", self.version)
        for name, value in _credentials():
            # Not sent to another server that this one redirects to.
            request.add_unredirected_header(name, value)
        return request


def _credentials() -> Iterator[tuple[str, str]]:
    names = ("SOURCE_USER", "SOURCE_PASSWORD", "SOURCE_TOKEN")
    user, password, token = (os.environ.get(name, "") for name in names)
    if token:
        yield "Authorization", f"Bearer {token}"
    elif user:
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        yield "Authorization", f"Basic {basic}"
