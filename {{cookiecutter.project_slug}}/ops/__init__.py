"""The commands of `make`: standard library only, as they run before anything is installed."""
