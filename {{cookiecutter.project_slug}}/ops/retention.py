"""Show what is older than core/retention.py keeps it, and delete nothing."""

from ops import processing


def main() -> None:
    processing.run("processing.retention")


if __name__ == "__main__":
    main()
