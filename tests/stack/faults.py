"""Faults in the code of `model/`, as an owner's code or a library below it may have at any time.

`FAULTS` is what the test adds to model/__init__.py. A part of a run that stands in the file then
raises what is written there, at its first look into storage, or if it takes none, at its end.
"""

import json
from pathlib import Path

from running import Stack

FAULTS = """
import importlib
import json
from pathlib import Path

from obstore.store import S3Store

from core import attempt as parts

real_attempt, real_list, inside = parts.attempt, S3Store.list, []


def fail(part):
    file = Path("/tmp/faults.json")
    faults = json.loads(file.read_text()) if file.exists() else {}
    if part in faults:
        module, made, times = faults[part]
        faults[part] = [module, made, times - 1]
        file.write_text(json.dumps({part: fault for part, fault in faults.items() if fault[2]}))
        raise eval(made, vars(importlib.import_module(module)))


def attempt(name, act):
    def faulty():
        inside.append(name)
        try:
            facts = act()
            fail(name)
            return facts
        finally:
            inside.pop()

    return real_attempt(name, faulty)


def listed(self, *words, **named):
    if inside:
        fail(inside[-1])
    return real_list(self, *words, **named)


parts.attempt, S3Store.list = attempt, listed
"""

ALWAYS = 1_000_000
"""So often a fault is met."""

BY_MODULE = {
    "builtins": (
        *("ValueError", "KeyError", "TypeError", "IndexError", "AttributeError", "RuntimeError"),
        *("RecursionError", "ZeroDivisionError", "OverflowError", "FloatingPointError"),
        *("AssertionError", "NotImplementedError", "StopIteration", "ImportError", "NameError"),
        *("EOFError", "BufferError", "SystemExit", "Exception", "BaseException", "OSError"),
        *("FileNotFoundError", "PermissionError", "IsADirectoryError", "UnicodeError"),
    ),
    "polars.exceptions": (
        *("ComputeError", "SchemaError", "InvalidOperationError", "ColumnNotFoundError"),
        *("ShapeError", "OutOfBoundsError", "DuplicateError", "NoDataError", "PanicException"),
    ),
    "pyarrow.lib": ("ArrowInvalid", "ArrowTypeError", "ArrowKeyError", "ArrowCapacityError"),
    "psycopg2": ("DataError", "ProgrammingError", "IntegrityError", "InternalError"),
    "onnxruntime.capi.onnxruntime_pybind11_state": ("Fail", "InvalidArgument", "RuntimeException"),
    "sklearn.exceptions": ("NotFittedError",),
    "numpy.linalg": ("LinAlgError",),
    "zlib": ("error",),
    "lzma": ("LZMAError",),
    "urllib.error": ("URLError",),
    "http.client": ("HTTPException",),
    "core.documents": ("Unreadable",),
}
ERRORS = [
    *((module, f"{kind}('made')") for module, kinds in BY_MODULE.items() for kind in kinds),
    ("builtins", "UnicodeDecodeError('utf-8', b'x', 0, 1, 'made')"),
    ("json", "JSONDecodeError('made', '{', 1)"),
    ("pydantic_core", "ValidationError.from_exception_data('made', [])"),
    ("grafana_client.client", "GrafanaException(500, {}, 'made')"),
]
"""What libraries of a run can raise because of what they were given: module and exception."""

OF_THE_MACHINE = [
    ("builtins", "MemoryError('made')"),
    ("builtins", "OSError(28, 'No space left on device')"),
    ("polars.exceptions", "ComputeError('No space left on device (os error 28)')"),
    ("obstore.exceptions", "GenericError('made')"),
    ("core.database", "DatabaseAway('made')"),
]
"""What they raise where storage, disk, memory or the database is away."""


def add_faults(project: Path) -> None:
    """Change the code of `model/` as its owner might."""
    with (project / "model" / "__init__.py").open("a") as code:
        code.write(FAULTS)


def put(stack: Stack, faults: dict[str, tuple[str, str]], times: int = ALWAYS) -> None:
    """Let these parts of a run fail so often."""
    written = json.dumps({part: [*error, times] for part, error in faults.items()})
    code = f"import pathlib; pathlib.Path('/tmp/faults.json').write_text({written!r})"
    stack.inside("processing", code)


def kind(error: tuple[str, str]) -> str:
    """Return the name by which the sentence about an exception begins."""
    return error[1].partition("(")[0].partition(".")[0]
