"""Where rows come from: animals that never were, a file a quarter, ages in words."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import polars as pl

COLUMNS = {
    "AnimalID": pl.String,
    "Name": pl.String,
    "DateTime": pl.String,
    "OutcomeType": pl.String,
    "AnimalType": pl.String,
    "SexuponOutcome": pl.String,
    "AgeuponOutcome": pl.String,
    "Breed": pl.String,
    "Color": pl.String,
}

FIELDS = {
    "AnimalID": "animal",
    "Name": "name",
    "OutcomeType": "fate",
    "AnimalType": "kind",
    "SexuponOutcome": "sex",
    "Breed": "breed",
    "Color": "colour",
}

SCHEDULE = ""

QUARTERS = tuple(f"{year}-Q{number}" for year in (2014, 2015) for number in range(1, 5))

FIRST, HELD_BACK = QUARTERS[:2], QUARTERS[2:]

ROWS = 1_500
"""Animals a quarter."""

YEARS = {"day": 1 / 365, "week": 7 / 365, "month": 1 / 12, "year": 1.0}

FATES = np.array(["Adoption", "Transfer", "Return_to_owner", "Euthanasia", "Died"])


def to_rows(raw: pl.LazyFrame) -> pl.LazyFrame:
    """Read the time, and ages such as `2 weeks`."""
    words = pl.col("AgeuponOutcome").str.extract_groups(r"^(?<number>\d+) (?<unit>[a-z]+?)s?$")
    number = words.struct.field("number").cast(pl.Float64)
    unit = words.struct.field("unit").replace_strict(YEARS, default=None, return_dtype=pl.Float64)
    left = pl.col("DateTime").str.to_datetime("%m/%d/%Y %I:%M %p", strict=False)
    return raw.rename(FIELDS).with_columns(left=left, age=number * unit)


def extract(have: set[str]) -> Iterator[tuple[str, bytes]]:
    for quarter in FIRST:
        if f"animals/{quarter}.csv" not in have:
            yield f"animals/{quarter}.csv", raw_file(quarter)


def raw_file(quarter: str) -> bytes:
    """Return the animals of a quarter, always the same ones."""
    place = QUARTERS.index(quarter)
    draw = np.random.default_rng(place)
    dog, named = draw.random(ROWS) < 0.58, draw.random(ROWS) < 0.7
    sexes = ["Neutered Male", "Spayed Female", "Intact Male", "Intact Female", "Unknown", ""]
    sex = draw.choice(sexes, ROWS, p=(0.36, 0.33, 0.13, 0.13, 0.04, 0.01))
    number, unit = draw.integers(1, 12, ROWS), draw.choice(list(YEARS), ROWS, p=(0.03, 0.2, 0.37, 0.4))
    intact = np.char.startswith(sex, "Intact") | (sex == "Unknown")
    old = (unit == "year") & (number > 6)
    inclined = np.column_stack(
        [
            1.6 - 3 * intact + 0.5 * named,
            0.8 + intact + 0.8 * ~dog,
            -1.5 + 2 * named + 1.2 * dog + old,
            -1 + 1.2 * old + 0.8 * intact,
            np.full(ROWS, -2.5) + intact,
        ]
    )
    fate = (inclined + draw.gumbel(size=inclined.shape)).argmax(axis=1)
    start = datetime(2014 + place // 4, 1 + 3 * (place % 4), 1)
    left = [start + timedelta(minutes=int(late)) for late in draw.integers(0, 60 * 24 * 89, ROWS)]
    breeds = np.where(dog, draw.choice(["Pit Bull Mix", "Chihuahua Mix"], ROWS), "Domestic Shorthair")
    table = {
        "AnimalID": [f"A{600_000 + place * ROWS + one}" for one in range(ROWS)],
        "Name": np.where(named, draw.choice(["Max", "Bella", 'The "Duke"', "Ann, Lee"], ROWS), ""),
        "DateTime": [f"{time:%m/%d/%Y %I:%M %p}" for time in left],
        "OutcomeType": FATES[fate],
        "AnimalType": np.where(dog, "Dog", "Cat"),
        "SexuponOutcome": sex,
        "AgeuponOutcome": [
            f"{one} {word}{'s' * int(one > 1)}" for one, word in zip(number, unit, strict=True)
        ],
        "Breed": breeds,
        "Color": draw.choice(["Black", "Brown/White", "Tan"], ROWS),
    }
    return pl.DataFrame(table).write_csv().encode()
