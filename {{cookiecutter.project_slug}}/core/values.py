"""What one value means, the same for files and for questions."""

import re

SPACES = "".join(
    map(chr, [*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)])
)
SPACES += "\u2028\u2029\u202f\u205f\u3000\ufeff"
"""What is taken off both ends of a text."""

CODE = r"^(0|-?[1-9][0-9]*)\.0$"
"""A whole number that passed through a table with a gap in it: `1067.0` is the code `1067`."""


def text(value: str) -> str | None:
    """Return a text without spaces around it and a code without `.0`; None if nothing is left."""
    stripped = value.strip(SPACES)
    if stripped.endswith(".0") and re.match(CODE, stripped):
        return stripped[:-2]
    return stripped or None
