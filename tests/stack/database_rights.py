"""What each database role may do, and that PostgreSQL itself refuses everything else.

Use: check(host, port, {"orchestrator": password, "writer": password, "reader": password}).
It needs psycopg2.
Leaves nothing behind.
"""

import contextlib

import psycopg2
from psycopg2.errors import (
    InsufficientPrivilege,
    QueryCanceled,
    ReadOnlySqlTransaction,
    UndefinedFile,
)

REFUSALS = (InsufficientPrivilege, ReadOnlySqlTransaction)
TABLES = (
    "raw_files",
    "rejections",
    "months",
    "stages",
    "models",
    "promotions",
    "live_predictions",
    "batch_predictions",
    "live_errors",
)
MAY_ENTER = {
    "orchestrator": {"dagster"},
    "writer": {"summaries"},
    "reader": {"summaries"},
    "notebook": {"summaries"},
}

CHANGES = {
    "insert": "INSERT INTO months (month) VALUES ('1901-01-01')",
    "update": "UPDATE months SET rows = 1 WHERE month = '1901-01-01'",
    "delete": "DELETE FROM months WHERE month = '1901-01-01'",
}
READERS_MAY_NOT = {
    "hold a lock that the pipeline waits for": "SELECT pg_advisory_lock(1)",
    "try for one": "SELECT pg_try_advisory_xact_lock_shared(1, 2)",
    "keep a message": "SELECT pg_notify('proof', 'x')",
    "fill the server's log of changes": "SELECT pg_logical_emit_message(false, 'proof', 'x')",
    "run a program that goes on when it is cancelled": "DO 'BEGIN END'",
    "lift the limit of temporary files": "SET temp_file_limit = -1",
    "change a board's password": "ALTER ROLE reader PASSWORD 'proof'",
}
NOBODY_MAY = {
    "truncate": "TRUNCATE months",
    "drop": "DROP TABLE months",
    "alter": "ALTER TABLE months ADD COLUMN proof int",
    "make a table": "CREATE TABLE proof (x int)",
    "make a temporary table": "CREATE TEMPORARY TABLE proof (x int)",
    "make a schema": "CREATE SCHEMA proof",
    "make a function": "CREATE FUNCTION proof() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "make a large object": "SELECT lo_from_bytea(0, 'x')",
    "make a role": "CREATE ROLE proof",
    "make a database": "CREATE DATABASE proof",
    "change another's password": "ALTER ROLE orchestrator PASSWORD 'proof'",
    "become root": "SET ROLE root",
    "read passwords": "SELECT rolpassword FROM pg_authid",
    "read a file": "SELECT pg_read_file('/etc/passwd')",
    "write a file": "COPY (SELECT 1) TO '/tmp/proof'",
    "run a program": "COPY (SELECT 1) TO PROGRAM 'true'",
    "change the server": "ALTER SYSTEM SET work_mem = '1MB'",
    "give rights": "GRANT ALL ON months TO reader",
}


def entered(host, port, role, password, database):
    return psycopg2.connect(
        host=host, port=port, user=role, password=password, dbname=database, connect_timeout=5
    )


def allowed(connection, statement):
    """Return whether PostgreSQL did it (then undone) or refused."""
    connection.autocommit = False
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SET default_transaction_read_only = off"
            )  # a role may do this; it must not help
            connection.commit()
            cursor.execute(statement)
            if statement.startswith("GRANT"):  # PostgreSQL only warns when nothing could be given
                return "no privileges were granted" not in " ".join(connection.notices)
        return True
    except REFUSALS:
        return False
    except UndefinedFile:
        return True
    except (
        psycopg2.errors.ActiveSqlTransaction
    ):  # CREATE DATABASE, ALTER SYSTEM: try outside a transaction
        connection.rollback()
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
            return True
        except REFUSALS:
            return False
    finally:
        connection.rollback()


def check_doors(host, port, passwords):
    databases = {"dagster", "summaries", "postgres", "template1"}
    for role, password in passwords.items():
        may = set()
        for database in databases:
            try:
                entered(host, port, role, password, database).close()
                may.add(database)
            except psycopg2.OperationalError as error:
                assert "permission denied for database" in str(error), error
        assert may == MAY_ENTER[role], f"{role} enters {may}"
        for other in passwords.keys() - {role}:
            try:
                entered(host, port, role, passwords[other], next(iter(MAY_ENTER[role])))
            except psycopg2.OperationalError as error:
                assert "password authentication failed" in str(error), error
            else:
                raise AssertionError(f"{role} signs in with the password of {other}")


def check_summaries(host, port, passwords):
    for role, changes in (("writer", set(CHANGES)), ("reader", set()), ("notebook", set())):
        connection = entered(host, port, role, passwords[role], "summaries")
        assert all(allowed(connection, f"SELECT * FROM {table} LIMIT 1") for table in TABLES), role
        done = {name for name, statement in CHANGES.items() if allowed(connection, statement)}
        assert done == changes, f"{role} may {done}"
        wrong = [name for name, statement in NOBODY_MAY.items() if allowed(connection, statement)]
        assert wrong == [], f"{role} may {wrong}"
        if role == "notebook":
            wrong = [
                n for n, statement in READERS_MAY_NOT.items() if allowed(connection, statement)
            ]
            assert wrong == [], f"{role} may {wrong}"
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole"
            )
            assert cursor.fetchone() == (0,), f"{role} is a member of another role"
        connection.close()


def check_reader_cannot_stay_long(host, port, password):
    connection = entered(host, port, "reader", password, "summaries")
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'")
        assert 0 < cursor.fetchone()[0] <= 30_000
        cursor.execute("SET statement_timeout = 50")
        with contextlib.suppress(QueryCanceled):
            cursor.execute("SELECT pg_sleep(1)")
    connection.close()


def check_orchestrator_owns_its_own(host, port, password):
    connection = entered(host, port, "orchestrator", password, "dagster")
    assert allowed(connection, "CREATE TABLE proof (x int)")
    outside = (
        "make a role",
        "make a database",
        "become root",
        "read passwords",
        "read a file",
        "write a file",
        "run a program",
        "change the server",
    )
    wrong = [name for name in outside if allowed(connection, NOBODY_MAY[name])]
    assert wrong == [], f"orchestrator may {wrong}"
    connection.close()


def check(host, port, passwords):
    check_doors(host, port, passwords)
    check_summaries(host, port, passwords)
    check_reader_cannot_stay_long(host, port, passwords["reader"])
    check_orchestrator_owns_its_own(host, port, passwords["orchestrator"])
