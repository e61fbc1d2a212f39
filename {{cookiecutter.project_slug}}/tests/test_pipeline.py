"""What the pipeline promises for any data: good rows count once, bad ones keep their reasons."""

import io
import json
from dataclasses import replace
from datetime import time, timedelta

import polars as pl
import pytest
from pydantic import Field, ValidationError, create_model

from core import registry
from core.row import Row
from core.schema import OUTCOME
from core.storage import names, read
from core.tables import months, read_parquet, rows
from model.schema import EVENT_TIME, KEY, Question
from model.source import COLUMNS
from processing.add import add
from processing.rows.contract import rules
from processing.rows.ingest import check, check_batch
from processing.rows.raw import raw_files, unchecked
from processing.steps import run_steps

NUMBER = next(name for name, kind in COLUMNS.items() if kind.is_numeric())
OPTIONAL_KEY = [
    name for name in KEY if name in COLUMNS and not Question.model_fields[name].is_required()
]


@pytest.fixture
def checked(storage):
    """Hand files to the pipeline, check them, and return their reports in the same order."""

    def check_files(**files: bytes) -> list[dict]:
        reports = {}
        for name, content in files.items():
            storage("raw").put(name, content)
            waiting = unchecked(storage("raw"), storage("processed"))
            reports |= {
                file.path: check(storage("raw"), storage("processed"), file) for file in waiting
            }
        return [reports[name] for name in files]

    return check_files


def csv(table: pl.DataFrame) -> bytes:
    return table.write_csv().encode()


def rejected(storage) -> pl.DataFrame:
    processed = storage("processed")
    return pl.concat([read_parquet(processed, name) for name in names(processed, "rejected")])


def test_csv_and_parquet_of_the_same_rows_are_the_same(checked, sample):
    some, parquet = sample.head(100), io.BytesIO()
    numbers = [name for name, kind in COLUMNS.items() if kind.is_numeric()]
    some.with_columns(pl.col(numbers).cast(pl.Float64, strict=False)).write_parquet(parquet)
    as_csv, as_parquet = checked(one=csv(some), other=parquet.getvalue())
    assert as_csv["rows_accepted"] == 100
    assert as_parquet["reasons"] == {"known already": 100}


def test_a_bad_value_costs_its_row_and_nothing_else(storage, checked, sample):
    spoiled = sample.head(100).with_columns(
        pl.when(pl.int_range(pl.len()) < 3)
        .then(pl.lit("many"))
        .otherwise(pl.col(NUMBER))
        .alias(NUMBER)
    )
    (report,) = checked(
        spoiled=csv(spoiled) + b"\n" + b"," * (len(spoiled.columns) - 1)
    )  # empty lines are no rows
    assert (report["rows_accepted"], report["rows_rejected"]) == (97, 3)
    assert f"{NUMBER}: not a number" in report["reasons"]
    kept = rejected(storage)
    assert sorted(kept["row"]) == [1, 2, 3]
    assert json.loads(kept["content"][0])[NUMBER] == "many"


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_table_may_be_separated_by_other_marks_than_commas(checked, sample, separator):
    content = sample.head(10).write_csv(separator=separator, line_terminator="\r\n")
    (report,) = checked(table=b"\xef\xbb\xbf" + content.encode())
    assert report["rows_accepted"] == 10


@pytest.mark.parametrize("odd", [[1.0], {"a": 1}, timedelta(1), time(1), b"\xff"])
def test_a_column_of_a_type_that_is_no_number_costs_its_rows_and_not_the_run(
    storage, checked, sample, odd
):
    parquet = io.BytesIO()
    spoiled = pl.DataFrame({NUMBER: [odd] * 10}, strict=False)
    sample.head(10).drop(NUMBER).with_columns(spoiled).write_parquet(parquet)
    bad, good = checked(bad=parquet.getvalue(), good=csv(sample[10:20]))
    assert (bad["rows_accepted"], bad["rows_rejected"]) == (0, 10)
    assert len(rejected(storage)) == 10
    assert good["rows_accepted"] == 10


def test_categories_and_bytes_are_read_as_the_text_they_stand_for(checked, sample):
    parquet, texts = io.BytesIO(), [name for name, kind in COLUMNS.items() if kind == pl.String]
    some = sample.head(10).with_columns(
        pl.col(texts[::2]).cast(pl.Categorical), pl.col(texts[1::2]).cast(pl.Binary)
    )
    some.with_columns(pl.col(NUMBER).cast(pl.Categorical)).write_parquet(parquet)
    (report,) = checked(table=parquet.getvalue())
    assert report["rows_accepted"] == 10


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        "a,b\n1,2\n".encode("utf-16"),
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"PAR1 and no more",
        b"a,b\n1,2\n",
    ],
)
def test_a_file_that_is_no_table_of_ours_is_reported_and_stops_nothing(checked, sample, content):
    bad, good = checked(bad=content, good=csv(sample.head(10)))
    assert bad["error"] and bad["rows_in"] == 0
    assert good["rows_accepted"] == 10


def test_a_missing_column_is_named_and_every_row_kept(storage, checked, sample):
    (report,) = checked(short=csv(sample.head(10).drop(NUMBER)))
    assert NUMBER in report["error"]
    assert report["rows_rejected"] == len(rejected(storage)) == 10


@pytest.mark.skipif(
    OUTCOME not in COLUMNS, reason="`to_rows` in model/source.py renames the outcome"
)
def test_a_file_without_outcomes_can_be_used(checked, sample):
    (report,) = checked(new=csv(sample.unique().head(10).drop(OUTCOME)))
    assert report["error"] is None
    assert (report["rows_accepted"], report["rows_without_outcome"]) == (10, 10)


@pytest.mark.skipif(not KEY, reason="model/schema.py names no key")
def test_the_same_row_counts_once_wherever_it_comes_from(checked, sample):
    some = sample.head(20)
    first, twice, again, more = checked(
        first=csv(some),
        twice=csv(pl.concat([sample[20:30], sample[20:30]])),
        again=csv(some),
        more=csv(sample.head(40)),
    )
    assert [report["rows_accepted"] for report in (first, twice, again, more)] == [20, 10, 0, 10]
    assert again["reasons"] == {"known already": 20}
    assert len(rows()) == 40


@pytest.mark.skipif(
    bool(KEY) and not OPTIONAL_KEY, reason="no part of the key in model/schema.py may be missing"
)
def test_without_a_key_equal_rows_of_a_file_are_as_many_and_the_file_again_brings_none(
    checked, sample
):
    nameless = sample.unique(maintain_order=True).head(20).drop(OPTIONAL_KEY)
    first, again, fewer, more = checked(
        first=csv(pl.concat([nameless, nameless])),
        again=csv(pl.concat([nameless, nameless.reverse()])),
        fewer=csv(nameless[:5]),
        more=csv(pl.concat([nameless, nameless, nameless[:7]])),
    )
    counts = [report["rows_accepted"] for report in (first, again, fewer, more)]
    assert counts == [40, 0, 0, 7]
    assert more["reasons"] == {"known already": 40}
    assert len(rows()) == 47


@pytest.mark.skipif(
    not KEY or OUTCOME not in COLUMNS, reason="there is no key, or `to_rows` renames the outcome"
)
def test_an_outcome_that_comes_later_completes_its_row(checked, sample):
    good, _ = check_batch(sample.head(100).with_row_index("row", offset=1))
    good = good.drop_nulls([OUTCOME, *OPTIONAL_KEY]).head(10)
    complete = sample[good["row"] - 1]
    before, after = checked(
        before=csv(complete.with_columns(pl.lit("").alias(OUTCOME))), after=csv(complete)
    )
    assert (before["rows_without_outcome"], after["rows_accepted"]) == (10, 10)
    assert sorted(rows()[OUTCOME]) == sorted(good[OUTCOME])


@pytest.fixture
def in_two_months(storage):
    """Check a file, then twice one that came a month later; return the report on that."""

    def check_both(first: pl.DataFrame, second: pl.DataFrame) -> dict:
        raw, processed = storage("raw"), storage("processed")
        raw.put("first", csv(first))
        raw.put("second", csv(second))
        files = {file.path: file for file in raw_files(raw)}
        check(raw, processed, files["first"])
        later = replace(files["second"], arrived=files["first"].arrived + timedelta(days=31))
        reports = [check(raw, processed, later) for _ in range(2)]
        assert reports[0]["rows_accepted"] == reports[1]["rows_accepted"]
        return reports[1]

    return check_both


@pytest.mark.skipif(
    EVENT_TIME is not None, reason="EVENT_TIME in model/schema.py says when a row was"
)
def test_without_event_times_a_row_that_comes_again_in_another_month_counts_once(
    storage, in_two_months, sample
):
    some = sample.unique(maintain_order=True).head(30)
    assert in_two_months(some[:20], some)["rows_accepted"] == 10
    assert (len(rows()), len(months(storage("processed")))) == (30, 2)


@pytest.mark.skipif(EVENT_TIME is not None or bool(KEY), reason="rows have an event time, or a key")
def test_without_event_times_equal_rows_count_once_more_only_where_there_are_more(
    in_two_months, sample
):
    some = sample.unique(maintain_order=True).head(10)
    twice = pl.concat([some, some])
    assert in_two_months(twice, pl.concat([twice, some[:3]]))["rows_accepted"] == 3
    assert len(rows()) == 23


@pytest.mark.skipif(EVENT_TIME is not None or not KEY, reason="a row has an event time, or no key")
def test_without_event_times_a_changed_row_takes_the_place_of_the_first(
    storage, in_two_months, sample
):
    some = sample.unique(maintain_order=True).head(30)
    number = next(name for name, kind in COLUMNS.items() if kind.is_numeric() and name not in KEY)
    assert in_two_months(some, some.with_columns(pl.col(number).reverse()))["rows_accepted"] > 0
    assert (len(rows()), len(months(storage("processed")))) == (30, 1)


def test_running_the_pipeline_twice_changes_nothing(storage, sample):
    storage("raw").put("sample.csv", csv(sample.sample(min(2_000, len(sample)), seed=1)))
    list(run_steps(without="raw"))
    before = contents(storage)
    list(run_steps(without="raw"))
    assert contents(storage).keys() == before.keys()
    assert len(registry.promotions(storage("models"))) == 1


def contents(storage) -> dict[str, bytes]:
    stores = [storage(name) for name in ("raw", "processed", "models", "predictions")]
    return {f"{store}/{name}": read(store, name) for store in stores for name in names(store)}


def test_adding_a_file_never_replaces_another(storage):
    assert "added/new.csv" in add("new.csv", b"a")
    assert "there already" in add("folder/new.csv", b"a")
    assert "added/new-2.csv" in add("new.csv", b"b")
    assert [read(storage("raw"), name) for name in names(storage("raw"))] == [b"b", b"a"]


@pytest.mark.parametrize(
    ("bounds", "right", "wrong"),
    [
        ({"gt": 0}, 0.1, 0.0),
        ({"ge": 0}, 0.0, -0.1),
        ({"lt": 5}, 4.9, 5.0),
        ({"le": 5}, 5.0, 5.1),
        ({"pattern": "^[A-Z]+$"}, "AB", "ab"),
        ({"min_length": 2}, "AB", "A"),
        ({"max_length": 2}, "AB", "ABC"),
    ],
)
def test_the_pipeline_draws_each_bound_where_the_api_draws_it(bounds, right, wrong):
    model = create_model("OneField", __base__=Row, x=(type(right), Field(**bounds)))
    model(x=right)
    with pytest.raises(ValidationError):
        model(x=wrong)
    (rule,) = [
        rule
        for reason, rule in rules("x", model.model_fields["x"]).items()
        if "missing" not in reason
    ][:1]
    assert pl.DataFrame({"x": [right, wrong]}).select(rule).to_series().to_list() == [False, True]
