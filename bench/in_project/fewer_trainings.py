"""Train on the newest 30 days each week, and only if predictions are off; print both errors.

Every flight from April to December is asked about before its outcome is known.
"""

import json
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from core.schema import OUTCOME
from core.tables import TIME, question_columns
from model.estimator import estimator
from model.features import features
from model.retraining import NEW_ROWS
from model.source import all_flights
from processing.rows.ingest import check_batch
from processing.training.drift import OFF_ROWS

WINDOW, WEEK = timedelta(days=30), timedelta(days=7)
BEGIN, END = datetime(2013, 4, 1), datetime(2014, 1, 1)

good, _ = check_batch(all_flights().with_row_index("row", offset=1))
flown = good.filter(pl.col(OUTCOME).is_not_null()).sort(TIME)
table = pl.DataFrame(features(question_columns(flown))).to_pandas()
times, outcomes = flown[TIME].to_numpy(), flown[OUTCOME].to_numpy()


def between(start: datetime, end: datetime) -> slice:
    return slice(*np.searchsorted(times, np.array([start, end], dtype=times.dtype)))


def replay(off_by: float, schedule: timedelta) -> tuple[int, float]:
    """Return how many trainings there were and the mean error, by OFF_BY and SCHEDULE."""
    monday, trainings, found = BEGIN, [], []
    off = np.inf
    while monday < END:
        if off > off_by or monday - trainings[-1] >= schedule:
            known = between(monday - WINDOW, monday)
            fitted = estimator().fit(table[known], outcomes[known])
            trainings.append(monday)
        asked = between(monday, min(monday + WEEK, END))
        differences = outcomes[asked] - fitted.predict(table[asked])
        found.append(np.abs(differences))
        newest = differences[-OFF_ROWS * NEW_ROWS.least_rows :]
        off = abs(newest.mean()) / np.abs(newest).mean()
        monday += WEEK
    return len(trainings), float(np.concatenate(found).mean())


(often, error), (seldom, later) = replay(0, WEEK), replay(0.5, 4 * WEEK)
print(
    json.dumps(
        {
            "trainings": often,
            "error": round(error, 3),
            "trainings_if_off": seldom,
            "error_if_off": round(later, 3),
            "error_ratio": round(later / error, 4),
        }
    )
)
