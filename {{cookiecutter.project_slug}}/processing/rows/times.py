"""Times: read from text, brought to the clock of ZONE, and held against the file's arrival."""

from datetime import datetime, timedelta

import polars as pl

from model import schema
from model.schema import EVENT_TIME, ZONE
from processing.rows.contract import ROW

LATEST_AHEAD: timedelta | None = getattr(schema, "LATEST_AHEAD", timedelta(days=1))
"""How much later than its file's arrival an event may be. None: as late as it likes."""

CLOCK = pl.Datetime("us")

ISO = (
    r"^(?<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ](?<minute>[0-9]{2}:[0-9]{2})(?<second>:[0-9]{2})?(?<part>\.[0-9]{1,6})?0*"
    r"\s?(?<zone>Z|UTC|[+-][0-9]{2}:?[0-9]{2})?)?$"
)
"""Times as ISO 8601 writes them, from the year down."""


def on_the_clock(column: pl.Series) -> pl.Series:
    """Return times as a clock in ZONE shows them, in the unit of the checks."""
    if not column.dtype.is_temporal():
        return column
    if getattr(column.dtype, "time_zone", None):
        column = column.dt.convert_time_zone(ZONE).dt.replace_time_zone(None)
    return column.cast(CLOCK)


def from_text(column: pl.Series) -> pl.Series:
    """Read times from text, each by itself; one with a zone is brought to the clock of ZONE."""
    parts = column.str.strip_chars().str.extract_groups(ISO).struct.unnest()
    clock = parts.select(
        pl.concat_str(
            "date",
            pl.lit(" "),
            pl.col("minute").fill_null("00:00"),
            pl.col("second").fill_null(":00"),
            pl.col("part").fill_null(".0"),
        ).str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    ).to_series()
    zone = parts["zone"].replace(["Z", "UTC"], "+0000").str.replace(":", "", literal=True)
    if not zone.count():
        return clock.alias(column.name)
    minutes = zone.str.slice(1, 2).cast(pl.Int64) * 60 + zone.str.slice(3).cast(pl.Int64)
    ahead = pl.select(
        pl.when(zone.str.starts_with("-")).then(-minutes).otherwise(minutes)
    ).to_series()
    moved = on_the_clock((clock - _minutes(ahead)).dt.replace_time_zone("UTC"))
    return clock.zip_with(zone.is_null(), moved).alias(column.name)


def _minutes(number: pl.Series) -> pl.Series:
    return (number * 60_000_000).cast(pl.Duration("us"))


def without_zone(column: pl.Series) -> pl.Series:
    """Bring texts that are times with a zone to the clock of ZONE, as text without one."""
    zoned = column.str.contains(r"^\s*[0-9]{4}-.*[0-9]\s?(Z|UTC|[+-][0-9]{2}:?[0-9]{2})\s*$")
    if not zoned.any():
        return column
    written = from_text(column).dt.strftime("%Y-%m-%dT%H:%M:%S%.f")
    return written.zip_with(zoned.fill_null(False), column)


def too_late(rows: pl.DataFrame, arrived: datetime) -> pl.DataFrame:
    """Return ROW and reason of rows whose event is later than their file's arrival can explain."""
    if EVENT_TIME is None or LATEST_AHEAD is None:
        return pl.DataFrame(schema={ROW: rows.schema[ROW], "reason": pl.String})
    latest = on_the_clock(pl.Series([arrived]))[0] + LATEST_AHEAD
    reason = pl.lit(f"{EVENT_TIME}: later than the file arrived")
    newest = rows[EVENT_TIME].max()
    some = rows if newest is not None and newest > latest else rows[:0]
    return some.filter(pl.col(EVENT_TIME) > latest).select(ROW, reason=reason)
