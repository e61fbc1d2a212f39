"""Decimal commas: `1.100,50` between semicolons is a number where that is sure."""

from collections.abc import Iterable
from enum import Enum

import polars as pl

WITH_COMMA = r"^[+-]?([0-9]+|[0-9]{1,3}(\.[0-9]{3})+)(,[0-9]+)?$"
MAYBE_THOUSANDS = r"^[+-]?[1-9][0-9]{0,2}([.,][0-9]{3})+$"
MARKED = r"^[+-]?[0-9]*[.,][0-9.,]*$"


class Marks(Enum):
    """What commas and points in the numbers of a file mean."""

    POINT = "a point stands before decimals, and a comma is no part of a number"
    COMMA = "a comma stands before decimals, and points between thousands"
    UNSURE = "there are commas, and it is not sure what they mean"


def marks(tables: Iterable[pl.DataFrame]) -> Marks:
    """Tell from all numbers of a file, as text.

    Commas are sure to be decimal where some number can't be read otherwise, such as `1,5`, and
    each number with a comma or a point can be read so.
    """
    comma, sure, right = False, False, True
    for column in (column.drop_nulls().unique() for table in tables for column in table):
        values = column.str.strip_chars()
        values = values.filter(values.str.contains(MARKED))
        fits, with_comma = values.str.contains(WITH_COMMA), values.str.contains(",", literal=True)
        comma |= bool(with_comma.any())
        sure |= bool((with_comma & ~values.str.contains(MAYBE_THOUSANDS)).any())
        right &= bool(fits.all())
    if not comma:
        return Marks.POINT
    return Marks.COMMA if sure and right else Marks.UNSURE


def plainly_written(column: pl.Series, meaning: Marks) -> pl.Series:
    """Write numbers with a decimal point; those whose marks may mean two things become missing."""
    values = column.str.strip_chars()
    if meaning is Marks.COMMA:
        plain = values.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        return values.zip_with(~values.str.contains(WITH_COMMA), plain)
    doubtful = values.str.contains(",", literal=True) | values.str.contains(MAYBE_THOUSANDS)
    return values.zip_with(~doubtful, pl.Series([None], dtype=pl.String))
