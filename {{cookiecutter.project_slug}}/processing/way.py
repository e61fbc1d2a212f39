"""The way of the data: the names of the steps in their order, and what each makes.

Light enough for the code server; `processing/steps.py` has the functions.
"""

STEPS = {
    "raw": "Raw files, as they came.",
    "rows": "Checked rows by month of the event; rejected rows with their reasons.",
    "features": "What the model sees of each row.",
    "drift": "How the champion fares on rows that are newer than all it has seen.",
    "candidate": "A model trained on the newest window, as ONNX with its card.",
    "champion": "The model that answers: promoted if it beats the one before it.",
    "batch_predictions": "The champion's predictions of the newest month.",
    "summaries": "Tables for people and dashboards.",
}
