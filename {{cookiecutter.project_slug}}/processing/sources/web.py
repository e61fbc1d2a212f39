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
PASSING = (408, 429, 500, 502, 503, 504)


def finished_months(first: str) -> Iterator[str]:
    """Every month from the first, such as `2024-01`, to the last one that is over."""
    day = date.fromisoformat(f"{first}-01")
    this_month = date.today().replace(day=1)
    while day < this_month:
        yield f"{day:%Y-%m}"
        day = (day + timedelta(days=31)).replace(day=1)


def web_file(url: str, path: str, have: set[str]) -> Iterator[tuple[str, BinaryIO]]:
    """The file at this address, to be stored under `path`; nothing if it is stored already or not there yet.

    Signs in with SOURCE_TOKEN, or with SOURCE_USER and SOURCE_PASSWORD, if they are set. Where a connection
    breaks, the download goes on from there; it is handed over only when it is whole.
    """
    if path in have:
        return
    with tempfile.TemporaryFile() as file:
        if _Download(url, file).finish():
            yield path, file


class _Download:
    """One file on its way; `version` is what the server calls the content that has come so far."""

    def __init__(self, url: str, file: BinaryIO):
        address = urlsplit(url)
        self.shown = f"{address.scheme}://{address.hostname}{address.path}"
        if "@" in address.netloc:
            raise SourceProblem(
                f"Write who asks {self.shown} into SOURCE_USER and SOURCE_PASSWORD, not its address."
            )
        self.url, self.file, self.version = url, file, None

    def finish(self) -> bool:
        """Try until all is there. False if the server has no such file. Raises SourceProblem."""
        for attempt in range(ATTEMPTS):
            time.sleep(PAUSE * 2 ** (attempt - 1) if attempt else 0)
            try:
                self.go_on()
                return True
            except HTTPError as answer:
                if answer.code in NOT_THERE_YET:
                    return False
                if answer.code not in PASSING:
                    raise SourceProblem(self.refused(answer.code)) from None
                problem = f"answered {answer.code}"
            except (OSError, HTTPException) as error:
                problem = f"broke off: {without_secrets(str(error), urlsplit(self.url).query)}"
        raise SourceProblem(f"{self.shown} {problem}, {ATTEMPTS} times. The next run tries again.")

    def refused(self, status: int) -> str:
        """The sentence about an answer that another attempt would not change."""
        if status in (401, 403):
            return f"{self.shown} answered {status}. Check SOURCE_TOKEN, or SOURCE_USER and SOURCE_PASSWORD, in .env."
        return f"{self.shown} answered {status}. Check its address in model/source.py."

    def go_on(self) -> None:
        """Fetch what is missing, or all of it again if the server can't tell whether it still has the same file."""
        have = self.file.tell() if self.version else 0
        request = Request(self.url, headers={"User-Agent": "slipway"})
        if have:
            request.add_header("Range", f"bytes={have}-")
            request.add_header("If-Range", self.version)
        for name, value in _credentials():
            request.add_unredirected_header(
                name, value
            )  # another server gets no secret of this one
        with urlopen(request, timeout=TIMEOUT) as reply:
            start = have if reply.status == 206 else 0
            self.file.seek(start)
            self.file.truncate()
            self.version = reply.headers["ETag"] or reply.headers["Last-Modified"]
            shutil.copyfileobj(reply, self.file)
            length = reply.headers["Content-Length"]
        if length is not None and self.file.tell() != start + int(length):
            raise ConnectionError(f"{self.file.tell()} of {start + int(length)} bytes came")


def _credentials() -> Iterator[tuple[str, str]]:
    user, password, token = (
        os.environ.get(f"SOURCE_{name}", "") for name in ("USER", "PASSWORD", "TOKEN")
    )
    if token:
        yield "Authorization", f"Bearer {token}"
    elif user:
        yield "Authorization", f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
