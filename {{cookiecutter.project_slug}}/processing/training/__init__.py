"""From checked rows to a verdict: when to train, on which rows, and whether the candidate replaces the champion."""
