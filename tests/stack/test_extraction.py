"""Rows of a real PostgreSQL, fetched inside the platform once each, also after a kill."""

import pytest

TABLE = """
CREATE TABLE seen.flights (id bigint PRIMARY KEY, changed timestamptz, dest text, air_time int);
INSERT INTO seen.flights
SELECT id, timestamptz '2024-01-01' + interval '1 second' * (id / 7), 'Zoë "O''Hare", ' || id,
    nullif(id % 90, 0)
FROM generate_series(1, 3500) AS id;
"""
FETCH = """
import os, sys
os.environ |= {{"STORAGE_URL": "file:///tmp/extraction", "SOURCE_URL": "postgresql+psycopg2://database/summaries",
                "SOURCE_USER": "root", "SOURCE_PASSWORD": {password!r}}}
from processing.sources import sql
from processing.sources.problem import SourceProblem
from core.storage import bucket, names, read
from processing.rows import ingest
sql.BATCH_ROWS = 1000
ingest.extract = lambda have: sql.table_rows({table!r}, ["id", "dest", "air_time"], {by!r}, have)
"""
KILLED = """
whole = ingest.extract
def extract(have):
    for number, file in enumerate(whole(have)):
        if number == 2:
            os.kill(os.getpid(), 9)
        yield file
ingest.extract = extract
"""
SHOW = """
print(len(ingest.fetch(bucket("raw"))))
for name in names(bucket("raw"), "seen.flights"):
    print(name)
"""
ROWS = """
import csv, io
files = [io.StringIO(read(bucket("raw"), name).decode()) for name in names(bucket("raw"))]
rows = [row for file in files for row in csv.reader(file) if row[0] != "id"]
ids = [int(row[0]) for row in rows]
print(len(rows), len(set(ids)), sum(ids), rows[88], rows[89])
"""


@pytest.fixture(params=["id", "changed"])
def fetch(stack, request):
    """Run code in the platform that fetches from a table of 3,500 rows into an empty folder."""
    stack.sql("CREATE SCHEMA seen; " + TABLE)

    def inside(
        code: str,
        table: str = "seen.flights",
        password: str = stack.settings["DATABASE_ROOT_PASSWORD"],
    ) -> str:
        return stack.inside(
            "processing", FETCH.format(table=table, by=request.param, password=password) + code
        )

    yield inside
    stack.compose("exec", "-T", "processing", "rm", "-rf", "/tmp/extraction")
    stack.sql("DROP SCHEMA seen CASCADE")


def test_every_row_comes_once_also_when_a_fetch_is_killed(stack, fetch):
    with pytest.raises(AssertionError):
        fetch(KILLED + SHOW)
    assert len(fetch("print(*names(bucket('raw')))").split()) == 2
    first, *files = fetch(SHOW).split()
    assert int(first) == 2 and len(files) == 4
    assert fetch(SHOW).split() == ["0", *files]
    stack.sql(
        "INSERT INTO seen.flights "
        "SELECT id, '2024-02-01', 'new', 1 FROM generate_series(3501, 3600) AS id"
    )
    assert fetch(SHOW).split()[0] == "1"
    rows = (
        """3600 3600 6481800 ['89', 'Zoë "O\\'Hare", 89', '89'] ['90', 'Zoë "O\\'Hare", 90', '']"""
    )
    assert fetch(ROWS).strip() == rows


def test_what_the_database_refuses_is_told_without_a_password(fetch):
    attempt = (
        "try:\n    ingest.fetch(bucket('raw'))\n"
        "except SourceProblem as problem:\n    print(problem)\n"
    )
    assert 'relation "seen.nothing" does not exist' in fetch(attempt, table="seen.nothing")
    refused = fetch(attempt, password="wrong-and-hidden")
    assert "can't be read" in refused and "wrong-and-hidden" not in refused
