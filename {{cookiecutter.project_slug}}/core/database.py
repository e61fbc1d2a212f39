"""The connection to the summary tables in PostgreSQL."""

from collections.abc import Iterable

import psycopg2
from psycopg2.extras import execute_values

from core.settings import settings


def connect():
    """The summary tables, or None where there is no database (on a laptop)."""
    url = settings().summaries_url.get_secret_value()
    return psycopg2.connect(url, connect_timeout=5) if url else None


def upsert(cursor, table: str, keys: str, rows: Iterable[dict]) -> int:
    """Insert rows, or bring those up to date whose keys are there. Returns how many were given."""
    rows = list(rows)
    if rows:
        columns = list(rows[0])
        updates = ", ".join(f"{name} = EXCLUDED.{name}" for name in columns)
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES %s ON CONFLICT ({keys}) DO UPDATE SET {updates}"
        execute_values(cursor, sql, [[row[name] for name in columns] for row in rows])
    return len(rows)
