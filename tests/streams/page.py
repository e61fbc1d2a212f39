"""The page `docs/keeping-up.md` of a project: the rule of promotion, and what it is worth."""

from collections.abc import Iterable

from error_rates import DRAWS, SIZES

RULE = """\
# How the model is kept up to date

What is judged is a recipe: so many days of training (`WINDOW_DAYS`), and the code in `model/`.
Each window is tried at up to four past cuts, `JUDGING_DAYS` apart, with what was known then; the
newest counts most. The best one's **twin**, which has learned from nothing after the newest cut,
is compared with the champion on the rows since. Once the recipe is promoted, what answers is the
same recipe, trained again with the newest rows. `card.json` of each version says which rows
either has learned from; its metrics are the twin's.

A candidate is **promoted** if on rows that neither has seen

- its error is smaller than the champion's, or larger by no more than 1 %, on all rows since the
  champion was promoted: a tie is for the model that knows newer rows;
- it is better than the naive baseline beyond chance;
- no group in `SLICES` is worse by more than a tenth, beyond chance;
- training it again with the newest rows has not made it worse on them by more than a tenth,
  beyond chance;
- it answers as it did before its conversion to ONNX, and fast enough.

Earlier champions are candidates too, as they are. One answers again if on the newest rows, beyond
chance, its error is smaller by a tenth than the candidate's, and smaller than the champion's and
the naive baseline's. What was rolled back by hand does not come again.

Where some outcomes are known earlier than others (cancellations before stays, short repairs
before long ones), the newest known rows are one-sided: rows that are too young for all to be
known alike neither teach nor judge, and card, verdict and the board *Pipeline* say so. Name the
column that says when an outcome became known in `KNOWN_AT` (`model/schema.py`); without it the
platform takes the file that it came with.
"""

ERRORS = f"""
## How often the rule errs

The share of candidates that are promoted, of {DRAWS} drawn for each cell; by the number of rows
that judge. Heavy tails have no variance (Student's t with 1.8 degrees of freedom). Of equal
models it does not matter which one answers.

| noise | the candidate is | {" | ".join(f"{size:,} rows" for size in SIZES)} |
|---|---|{"---|" * len(SIZES)}
"""

STREAMS = """
## On streams whose truth is known

Two years of generated rows, a file a week, {seeds} of each kind. *Best by hand* is the one of
these that is best in hindsight: the first model for ever, all rows, or one window for ever,
trained each week. Regret is how much larger the error is than that of the published version which
hindsight calls best, week by week.

| what changes | best by hand | against best by hand | against the first model | regret |
|---|---|---|---|---|
"""


def page(rates: Iterable[tuple], results: list[dict]) -> str:
    """Return the page, from the error rates and the results of all streams."""
    errors = "".join(
        f"| {tails} | {name} | {' | '.join(f'{share:.0%}' for share in shares)} |\n"
        for tails, name, shares in rates
    )
    seeds = max(result["seed"] for result in results) + 1
    streams = "".join(map(_line, results))
    return RULE + ERRORS + errors + STREAMS.format(seeds=seeds) + streams


def _line(result: dict) -> str:
    return (
        f"| {result['kind']} | {result['best']} | {result['to_best']:+.1%} | "
        f"{result['to_frozen']:+.1%} | {result['regret']:.1%} |\n"
    )
