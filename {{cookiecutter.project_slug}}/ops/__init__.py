"""What is behind `make`: the standard library only, because it runs before anything is installed."""
