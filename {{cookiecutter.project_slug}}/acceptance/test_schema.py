"""model/schema.py: what a row is."""

from zoneinfo import available_timezones

import pytest
from pydantic import ValidationError, create_model

from acceptance.conftest import failure, problem
from core.row import Row
from core.schema import KEY_PARTS, value_type
from model.estimator import SLICES
from model.schema import EVENT_TIME, KEY, ZONE, Outcome, Question
from processing.rows import contract

FIELDS = Question.model_fields | Outcome.model_fields


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_says_what_it_is_and_gives_an_example(name):
    field = FIELDS[name]
    if not field.description or not field.examples:
        problem(
            f"{name} in model/schema.py needs description=… and examples=[…]: the page of the API "
            "shows them."
        )
    if refusal := refusal_of(name, field.examples[0]):
        problem(f"The example of {name} in model/schema.py is refused by the field: {refusal}.")


def refusal_of(name: str, value: object) -> str:
    """Return why a field refuses a value."""
    alone = create_model("One", __base__=Row, **{name: (FIELDS[name].annotation, FIELDS[name])})
    try:
        alone.model_validate({name: value}, strict=False)
    except ValidationError as error:
        return error.errors()[0]["msg"]
    return ""


@pytest.mark.parametrize("name", FIELDS)
def test_the_pipeline_can_check_a_field_as_the_api_does(name):
    kind = value_type(FIELDS[name])
    if not any(issubclass(kind, known) for known in contract.POLARS_TYPES):
        problem(
            f"{name} in model/schema.py has the type {kind.__name__}; it must be one of float, "
            "int, str, bool, NaiveDatetime and Literal[…]."
        )
    if said := failure(lambda: contract.rules(name, FIELDS[name])):
        problem(said)


def test_no_name_is_taken():
    if said := failure(contract.check_names):
        problem(said)


def test_key_and_event_time_name_fields():
    named = {"KEY": [part.column for part in KEY_PARTS], "EVENT_TIME": [EVENT_TIME]}
    for place, names in named.items():
        for name in filter(None, names):
            if name not in Question.model_fields:
                problem(f"{place} in model/schema.py names {name}, which is no field of Question.")


def test_lists_of_names_are_tuples():
    if not isinstance(KEY, tuple) or not isinstance(SLICES, tuple):
        problem('KEY and SLICES must be tuples: write ("name",) with a comma, or ().')


def test_the_zone_is_one():
    if ZONE not in available_timezones():
        problem(f"ZONE in model/schema.py is {ZONE}; it must be a name such as Europe/Berlin.")
