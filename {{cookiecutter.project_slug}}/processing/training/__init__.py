"""From checked rows to a verdict: when to train, on what, and whether the candidate is better."""
