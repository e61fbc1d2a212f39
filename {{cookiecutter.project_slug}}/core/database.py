"""The summary tables in PostgreSQL: what dashboards and people read."""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from core.settings import settings


def connect() -> Connection | None:
    """Connect to the summary tables. Returns None where there is no database, on a laptop."""
    url = settings().summaries_url.get_secret_value()
    return psycopg2.connect(url, connect_timeout=5) if url else None


@contextmanager
def summary_tables() -> Iterator[Cursor | None]:
    """Open a transaction on the summary tables; yields None where there is no database.

    It is committed at the end of the block, and rolled back if the block raises.
    """
    connection = connect()
    if connection is None:
        yield None
        return
    with closing(connection), connection, connection.cursor() as cursor:
        yield cursor


def upsert(cursor: Cursor, table: str, keys: str, rows: Iterable[dict[str, Any]]) -> int:
    """Insert rows, or update those whose keys exist. Returns the number of rows."""
    rows = list(rows)
    if not rows:
        return 0
    columns = list(rows[0])
    updates = ", ".join(f"{name} = EXCLUDED.{name}" for name in columns)
    names = ", ".join(columns)
    sql = f"INSERT INTO {table} ({names}) VALUES %s ON CONFLICT ({keys}) DO UPDATE SET {updates}"
    execute_values(cursor, sql, [[row[name] for name in columns] for row in rows])
    return len(rows)
