"""Run the pipeline now: in the platform, or without Docker on the folder data/."""

from ops import compose, virtualenv


def main() -> None:
    if compose.is_running("processing"):
        compose.run("exec", "-T", "processing", "python", "-m", "processing.launch")
    else:
        virtualenv.run(virtualenv.ready(), "-m", "processing.run")


if __name__ == "__main__":
    main()
