"""The packages that `model/` imports are in the images that import it."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from acceptance.conftest import PROJECT, problem

OURS = ("core", "model", "processing")

FILES = {
    "processing": ("schema", "source", "features", "estimator", "retraining"),
    "prediction": ("schema", "features"),
    "jupyterlab": ("schema", "features", "estimator"),
}
"""Which files of `model/` are imported in which image."""


def imported(file: Path) -> Iterator[str]:
    """Yield the packages that a file imports, and those that other files of `model/` do for it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules = [str(node.module)]
        else:
            continue
        for module in modules:
            yield module.partition(".")[0]
            other = PROJECT / f"{module.replace('.', '/')}.py"
            if module.startswith("model.") and other.exists():
                yield from imported(other)


@pytest.mark.parametrize("image", FILES)
def test_an_image_has_what_model_imports(image):
    lock = (PROJECT / image / "requirements.txt").read_text(encoding="utf-8")
    locked = set(re.findall(r"(?m)^([\w.-]+)==", lock))
    owners = packages_distributions()
    files = [PROJECT / "model" / f"{name}.py" for name in FILES[image]]
    wanted = {name for file in files for name in imported(file)}
    missing = {
        name
        for name in wanted - set(sys.stdlib_module_names) - set(OURS)
        if not locked & {owner.lower().replace("_", "-") for owner in owners.get(name, [name])}
    }
    if missing:
        problem(
            f"model/ imports {', '.join(sorted(missing))}, which the image of {image} lacks: add "
            f"it to {image}/requirements.in and run `make lock`."
        )
