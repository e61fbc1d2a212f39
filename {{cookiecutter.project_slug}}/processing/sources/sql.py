"""Rows of a table in a database, for `extract` in model/source.py."""

import csv
import io
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from processing.sources.problem import SourceProblem, without_secrets

BATCH_ROWS = 100_000
"""About how many rows make a file; rows with the same value of the growing column are never parted."""

Position = int | datetime


def table_rows(
    table: str, columns: Iterable[str], by: str, have: set[str]
) -> Iterator[tuple[str, bytes]]:
    """The rows of a table or view that came since the last file, as CSV files of BATCH_ROWS rows.

    The database is SOURCE_URL, as SQLAlchemy writes it; SOURCE_USER and SOURCE_PASSWORD are put into it if they
    are set. `by` is a column that only grows, a whole number or a time. A file is named for the first and the
    last value in it, and the newest name says where to go on. A row that appears later with a smaller value is
    not seen: where programs write at the same time, name a view that leaves out the last minutes.
    """
    schema, _, name = table.rpartition(".")
    source = sa.table(name, *map(sa.column, {*columns, by}), schema=schema or None)
    growing, wanted = source.c[by], [source.c[name] for name in columns]
    last = _last(table, have)
    address = _address()
    with (
        _told(table, address.password),
        sa.create_engine(address, poolclass=sa.NullPool).connect() as connection,
    ):
        while (span := _next_span(connection, growing, last)) is not None:
            rows = connection.execute(
                sa.select(*wanted).where(growing.between(*span)).order_by(growing)
            )
            yield f"{table}/{'..'.join(map(_text, span))}.csv", _csv(rows)
            last = span[1]


def _next_span(
    connection: sa.Connection, growing: sa.ColumnClause, last: Position | None
) -> tuple | None:
    """The first and last value of the next batch."""
    rest = sa.select(growing).where(growing.is_not(None) if last is None else growing > last)
    batch = rest.order_by(growing).limit(BATCH_ROWS).subquery()
    first, last = connection.execute(
        sa.select(sa.func.min(batch.c[0]), sa.func.max(batch.c[0]))
    ).one()
    return None if first is None else (first, last)


def _last(table: str, have: set[str]) -> Position | None:
    """The growing column's last value in the files that are stored."""
    found = (re.fullmatch(rf"{re.escape(table)}/[^/]+\.\.([^/]+)\.csv", name) for name in have)
    return max((_position(name[1]) for name in found if name), default=None)


def _text(value: Position) -> str:
    """A value as part of a file's name; names sort as values do."""
    if isinstance(value, datetime):
        aware = value.tzinfo is not None
        return f"{value.astimezone(UTC) if aware else value:%Y%m%dT%H%M%S.%f}{'Z' if aware else ''}"
    if isinstance(value, int):
        return f"{value:020}"
    raise SourceProblem(
        f"The growing column holds {value!r}; it must be of whole numbers or times."
    )


def _position(text: str) -> Position:
    return datetime.fromisoformat(text) if "T" in text else int(text)


def _csv(rows: sa.CursorResult) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(rows.keys())
    writer.writerows(rows)
    return out.getvalue().encode()


def _address() -> sa.URL:
    try:
        url = sa.make_url(os.environ["SOURCE_URL"])
    except (KeyError, SQLAlchemyError):
        raise SourceProblem(
            "Write SOURCE_URL into .env, such as postgresql+psycopg2://host/database."
        ) from None
    user, password = os.environ.get("SOURCE_USER"), os.environ.get("SOURCE_PASSWORD")
    return url.set(username=user or url.username, password=password or url.password)


@contextmanager
def _told(table: str, password: str | None) -> Iterator[None]:
    """What the database refuses as a sentence, without statement, address or password."""
    try:
        yield
    except (SQLAlchemyError, ImportError) as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise SourceProblem(
            f"The table {table} can't be read: {without_secrets(said, password)}"
        ) from None
