"""Where everything lies in storage: the folders of each bucket, what they hold, who writes them.

A folder is its own name, so `f"{ROWS}/month=2013-01"` is a path in the bucket of ROWS. The bucket
`raw` has no folders of ours: people and other applications write to it, and processing what it
fetches.
"""


class Folder(str):
    """The name of a folder, or of a single object, in a bucket."""

    bucket: str
    holds: str
    writer: str

    def __new__(cls, bucket: str, name: str, writer: str, holds: str) -> "Folder":
        folder = super().__new__(cls, name)
        folder.bucket, folder.holds, folder.writer = bucket, holds, writer
        return folder


BUCKETS = {
    "raw": "Raw files, as they came.",
    "processed": "Checked rows and features, and what runs remember.",
    "models": "Published models, verdicts, and promotions.",
    "predictions": "Answers, outcomes, and what joins them.",
    "notebooks": "What people make in JupyterLab and want kept.",
}

FILES = Folder("processed", "files", "processing", "A report for each raw file.")
ROWS = Folder("processed", "rows", "processing", "Checked rows, by month of the event.")
REJECTED = Folder("processed", "rejected", "processing", "Rejected rows with their reasons.")
FEATURES = Folder("processed", "features", "processing", "Features, in a folder for each code.")
RUNS = Folder("processed", "runs", "processing", "A marker for the inputs of each finished run.")
DRIFT = Folder("processed", "drift.json", "processing", "The newest measurement of drift.")
LIVE_ERROR = Folder("processed", "live_error.json", "processing", "The newest live error.")
QUARANTINE = Folder("processed", "quarantine", "processing", "Inputs that failed, and why.")
INDEXES = Folder("processed", "indexes", "processing", "Copies of documents, in one object.")
REPLAY_ANSWERS = Folder("processed", "replay/answers", "processing", "Answers of `make replay`.")
REPLAY_RESULTS = Folder("processed", "replay/results", "processing", "Errors of `make replay`.")

VERSIONS = Folder("models", "versions", "processing", "A model and its card for each version.")
PROMOTIONS = Folder("models", "promotions", "processing", "Numbered; the highest is the champion.")
VERDICTS = Folder("models", "verdicts", "processing", "Whether a candidate was promoted, and why.")

ANSWERS = Folder("predictions", "live", "prediction", "Every answer given, by hour.")
REPORTS = Folder("predictions", "outcomes", "prediction", "Every outcome reported, by hour.")
WITHDRAWN = Folder(
    "predictions", "withdrawn", "processing", "Until when the outcomes of a key are taken back."
)
ANSWERS_MERGED = Folder("predictions", "merged/live", "processing", "Older answers, by hour.")
REPORTS_MERGED = Folder("predictions", "merged/outcomes", "processing", "Older reports, by hour.")
BATCHES = Folder("predictions", "batch", "processing", "The newest month with its predictions.")
ANSWERS_BY_HOUR = Folder("predictions", "truth/answers", "processing", "Answers as a table.")
REPORTS_BY_HOUR = Folder("predictions", "truth/reports", "processing", "Outcomes as a table.")
KEYS_BY_DAY = Folder("predictions", "truth/keys", "processing", "The hours each key was asked in.")
JOINED = Folder(
    "predictions", "truth/joined", "processing", "Answers with their outcomes, by hour."
)
FILES_JOINED = Folder(
    "predictions", "truth/files", "processing", "A marker: this file's rows are joined."
)
HOURS_JOINED = Folder("predictions", "truth/looked", "processing", "A marker: this hour is joined.")

FOLDERS = tuple(value for value in vars().values() if isinstance(value, Folder))
