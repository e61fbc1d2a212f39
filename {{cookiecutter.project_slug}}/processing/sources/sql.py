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
"""About how many rows make a file; rows with one value of the growing column stay together."""

Position = int | datetime


def table_rows(
    table: str, columns: Iterable[str], by: str, have: set[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield the rows of a table or view since the last file, as CSV files of BATCH_ROWS rows.

    The database is SOURCE_URL, as SQLAlchemy writes it; SOURCE_USER and SOURCE_PASSWORD are put
    into it if they are set. `by` is a column that only grows, a whole number or a time. A file is
    named for the first and the last value in it, and the newest name says where to resume. A row
    that appears later with a smaller value is not seen: where programs write at the same time, name
    a view that leaves out the last minutes.
    """
    schema, _, name = table.rpartition(".")
    source = sa.table(name, *map(sa.column, {*columns, by}), schema=schema or None)
    growing, selected = source.c[by], [source.c[name] for name in columns]
    last, address = _last(table, have), _address()
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    with _problems_as_sentences(table, address.password), engine.connect() as connection:
        while span := _next_span(connection, growing, last):
            query = sa.select(*selected).where(growing.between(*span)).order_by(growing)
            first, last = span
            yield f"{table}/{_text(first)}..{_text(last)}.csv", _csv(connection.execute(query))


def _next_span(
    connection: sa.Connection, growing: sa.ColumnClause, last: Position | None
) -> tuple[Position, Position] | None:
    """Return the first and last value of the next batch, or None if there are no more rows."""
    rest = sa.select(growing).where(growing.is_not(None) if last is None else growing > last)
    batch = rest.order_by(growing).limit(BATCH_ROWS).subquery()
    ends = sa.select(sa.func.min(batch.c[0]), sa.func.max(batch.c[0]))
    first, last = connection.execute(ends).one()
    return None if first is None or last is None else (first, last)


def _last(table: str, have: set[str]) -> Position | None:
    """Return the growing column's last value in the files that are stored."""
    names = (re.fullmatch(rf"{re.escape(table)}/[^/]+\.\.([^/]+)\.csv", path) for path in have)
    return max((_position(name[1]) for name in names if name), default=None)


def _text(value: Position) -> str:
    """Return a value as part of a file's name; names sort as values do."""
    if isinstance(value, datetime):
        form = "%Y%m%dT%H%M%S.%f"
        return f"{value.astimezone(UTC):{form}}Z" if value.tzinfo else f"{value:{form}}"
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
def _problems_as_sentences(table: str, password: str | None) -> Iterator[None]:
    """Raise what the database refuses as a SourceProblem, without statement and secrets."""
    try:
        yield
    except (SQLAlchemyError, ImportError) as error:
        first_line = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise SourceProblem(
            f"The table {table} can't be read: {without_secrets(first_line, password)}"
        ) from None
