"""The table that the platform's own tests bring along, in place of the project's `model/`."""
