"""How long everything is kept, in days: yours to change. None means for ever.

`make retention` shows what would go today, and deletes nothing. What is too old goes each night; a
change takes effect with the next `make up`. Raw files, champions, promotions, verdicts and cards of
models stay whatever stands here, unless RAW_FILES says otherwise.
"""

ANSWERS: int | None = 400
"""Answers, reported outcomes, and the tables that join them. Boards then begin that much later.

The law may ask for more than you need: records of what a system said about people (scoring,
say) must often be kept for 6 months at least. It may also ask for less; then say so here.
"""

REJECTED_ROWS: int | None = 400
"""Rejected rows, after the arrival of their file. How many there were stays in its report."""

RAW_FILES: int | None = None
"""Raw files, after their arrival. Their checked rows stay; but rows that need other code or another
schema can be made again from raw files only."""

REPLACED: dict[str, int | None] = {"raw": 90, "models": 90, "notebooks": 30}
"""In these buckets, what was overwritten or deleted can be restored for so long.

Storage itself deletes it then, also what went by the other limits.
"""

NEVER_CHAMPION: int | None = 90
"""Models that were never champion. Their cards stay, with their errors, window and warnings."""

EARLIER_CODE: int | None = 30
"""Features by an earlier state of the code in `model/`; it would compute them again."""

BATCHES: int | None = 90
"""Predictions of a month by all champions but the last that predicted it."""

FINISHED_RUNS: int | None = 90
"""Markers of what finished runs began from. The newest stays: it says that there is no new work."""

ORCHESTRATOR_RUNS: dict[str, int] = {
    "pipeline": 90,
    "rollback": 90,
    "answers": 2,
    "housekeeping": 30,
}
"""The page `/pipelines/` shows the runs of each job, and what they logged, for so long."""
