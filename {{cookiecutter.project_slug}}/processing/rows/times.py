"""Times: read from text, brought to the clock of ZONE, and held against the file's arrival."""

from datetime import date, datetime, timedelta

import polars as pl

from model import schema
from model.schema import EVENT_TIME, ZONE
from processing.rows.contract import ROW

LATEST_AHEAD: timedelta | None = getattr(schema, "LATEST_AHEAD", timedelta(days=1))
"""How much later than its file's arrival an event may be. None: as late as it likes."""

CLOCK = pl.Datetime("us")

CALENDAR = date(2, 1, 1), date(9998, 12, 31)
"""All times that can be written with any zone."""

ISO = (
    r"^(?<date>[0-9]{4}[-/][0-9]{2}[-/][0-9]{2})"
    r"(?:[T ](?<minute>[0-9]{2}:[0-9]{2})(?<second>:[0-5][0-9])?(?<part>\.[0-9]{1,6})?0*"
    r"\s?(?<zone>Z|UTC|[+-][0-9]{2}:?[0-9]{2})?)?$"
)
"""Times as ISO 8601 writes them, from the year down; a day may have slashes."""


def on_the_clock(column: pl.Series) -> pl.Series:
    """Return times as a clock in ZONE shows them, in the unit of the checks."""
    if not column.dtype.is_temporal():
        return column
    if getattr(column.dtype, "time_zone", None):
        column = column.dt.convert_time_zone(ZONE).dt.replace_time_zone(None)
    return column.cast(CLOCK)


def exactly_on_the_clock(column: pl.Series) -> pl.Series:
    """Return the same as on_the_clock; what is finer than a microsecond is missing."""
    if getattr(column.dtype, "time_unit", None) != "ns":
        return on_the_clock(column)
    finer = (column.to_physical() % 1000 != 0).fill_null(False)
    return on_the_clock(column).set(finer, None)


def within_the_calendar(column: pl.Series) -> pl.Series:
    """Return dates or times as they are, or as text where some are of no year that there is.

    Polars fails where it should write such a time.
    """
    if getattr(column.dtype, "time_unit", None) == "ns":  # it ends in 2262
        return column
    numbers = column.to_physical()
    first, last = (_number(day, column.dtype) for day in CALENDAR)
    right = numbers.is_between(first, last).fill_null(True)
    if right.all():
        return column
    possible = column.set(~right, None)
    if getattr(column.dtype, "time_zone", None):
        texts = possible.dt.convert_time_zone("UTC").dt.replace_time_zone(None).dt.to_string() + "Z"
    else:
        texts = possible.dt.to_string()
    return texts.zip_with(right, numbers.cast(pl.String))


def _number(day: date, kind: pl.DataType) -> int:
    """Return the number by which a column of dates or times stands for a day."""
    column = pl.Series([day], dtype=pl.Date)
    unit = getattr(kind, "time_unit", None)
    return (column.cast(pl.Datetime(unit)) if unit else column).to_physical()[0]


def from_text(column: pl.Series) -> pl.Series:
    """Read times from text, each by itself; one with a zone is brought to the clock of ZONE."""
    parts = column.str.strip_chars().str.extract_groups(ISO).struct.unnest()
    clock = parts.select(
        pl.concat_str(
            pl.col("date").str.replace_all("/", "-", literal=True),
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
