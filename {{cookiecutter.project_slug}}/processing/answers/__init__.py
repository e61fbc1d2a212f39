"""What was answered, what it turned out to be, and how large the errors were."""
