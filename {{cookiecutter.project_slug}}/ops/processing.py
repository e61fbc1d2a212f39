"""Run a program of `processing` where the data are."""

from ops import compose, virtualenv


def run(module: str, *words: str, **how) -> bool:
    """Run `python -m MODULE …` in the platform, or here on the folder data/ if it does not run.

    Return whether it was in the platform. If the program fails, end with its exit code.
    """
    in_platform = compose.is_running("processing")
    if in_platform:
        compose.run("exec", "-T", "processing", "python", "-m", module, *words, **how)
    else:
        virtualenv.run(virtualenv.ready(), "-m", module, *words, **how)
    return in_platform
