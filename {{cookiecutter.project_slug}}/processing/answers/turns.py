"""One process at a time, where two would miss each other's work."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

from core.database import connect
from core.locks import wait_for
from core.settings import settings


@contextmanager
def turn(name: str) -> Iterator[None]:
    """Wait until no other process works under this name, and hold it until the block ends.

    It is a lock in the database, or of a file beside the buckets on a laptop. It ends with the
    process, however that ends.
    """
    connection = connect()
    if connection is not None:
        with closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
            yield
        return
    address = urlparse(settings().storage_url)
    if address.scheme != "file":
        yield
        return
    folder = Path(url2pathname(address.path))
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{name}.lock", "a") as file:
        wait_for(file)
        yield
