"""The summary tables in PostgreSQL: what dashboards and people read."""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from core.retries import TryAgain
from core.settings import settings


class DatabaseAway(TryAgain):
    """The database does not answer, or has ended the connection."""


@contextmanager
def _away_as_such() -> Iterator[None]:
    try:
        yield
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        raise DatabaseAway(f"The database does not answer. {str(error).strip()}") from error


def connect() -> Connection | None:
    """Connect to the summary tables. Returns None where there is no database, on a laptop.

    Raises DatabaseAway.
    """
    url = settings().summaries_url.get_secret_value()
    with _away_as_such():
        return psycopg2.connect(url, connect_timeout=5) if url else None


@contextmanager
def summary_tables() -> Iterator[Cursor | None]:
    """Open a transaction on the summary tables; yields None where there is no database.

    It is committed at the end of the block, and rolled back if the block raises. Raises
    DatabaseAway.
    """
    connection = connect()
    if connection is None:
        yield None
        return
    with _away_as_such(), closing(connection), connection, connection.cursor() as cursor:
        yield cursor


def upsert(cursor: Cursor, table: str, keys: str, rows: Iterable[dict[str, Any]]) -> int:
    """Insert rows, or update those whose keys exist. Returns the number of rows.

    Of several rows with one key the last one counts.
    """
    stored = [{name: _storable(value) for name, value in row.items()} for row in rows]
    by_key = {tuple(row[name] for name in keys.split(", ")): row for row in stored}
    rows = list(by_key.values())
    if not rows:
        return 0
    columns = list(rows[0])
    updates = ", ".join(f"{name} = EXCLUDED.{name}" for name in columns)
    names = ", ".join(columns)
    sql = f"INSERT INTO {table} ({names}) VALUES %s ON CONFLICT ({keys}) DO UPDATE SET {updates}"
    execute_values(cursor, sql, [[row[name] for name in columns] for row in rows])
    return len(rows)


def _storable(value: Any) -> Any:
    """Return a text without what PostgreSQL can't hold: zero characters, halves of pairs."""
    if not isinstance(value, str):
        return value
    return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
