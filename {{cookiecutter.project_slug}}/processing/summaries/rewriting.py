"""Tables whose rows are made of stored objects: of these, only what has changed is read again."""

from collections.abc import Callable, Mapping

from core.code import code_digest
from core.database import summary_tables, upsert
from processing.answers.turns import turn


def rewrite(
    table: str,
    keys: str,
    states: Callable[[], Mapping[str, str]],
    rows_of: Callable[[str], list[dict]],
) -> dict[str, int]:
    """Write the rows of each object anew if it or the code has changed since they were written.

    `states` returns each object's path with what changes when it does, such as its ETag. The rows
    of objects that are gone go too. Returns how many objects were read.
    """
    # One at a time: each of two would see its own state of storage, and the older one might win.
    with turn(table), summary_tables() as cursor:
        if cursor is None:
            return {}
        code = code_digest()
        made_of = {path: f"{code} {state}" for path, state in states().items()}
        cursor.execute("SELECT object, made_of FROM summarised WHERE name = %s", [table])
        written = dict(cursor.fetchall())
        changed = [path for path in made_of if made_of[path] != written.get(path)]
        outdated = [*changed, *(written.keys() - made_of.keys())]
        cursor.execute(f"DELETE FROM {table} WHERE object = ANY(%s)", [outdated])
        cursor.execute(
            "DELETE FROM summarised WHERE name = %s AND object = ANY(%s)", [table, outdated]
        )
        for path in changed:
            upsert(cursor, table, keys, [{"object": path} | row for row in rows_of(path)])
            of_object = {"name": table, "object": path, "made_of": made_of[path]}
            upsert(cursor, "summarised", "name, object", [of_object])
        if outdated:
            for view in VIEWS.get(table, ()):
                cursor.execute(f"REFRESH MATERIALIZED VIEW {view}")
    return {"objects": len(changed)}


VIEWS = {
    "live_predictions": ("predictions_by_weekday",),
    "batch_predictions": ("predictions_by_weekday",),
    "live_errors": ("live_errors_by_hour",),
}
"""What boards read in place of a table that grows with the answers; database/tables.sql has it."""
