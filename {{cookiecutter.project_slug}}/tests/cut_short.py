"""A merging that is cut short, as a kill does it."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest


class Cut(KeyboardInterrupt):
    """Raised where a process is killed: nothing may catch it."""


@contextmanager
def cut_short(module: ModuleType, where: str) -> Iterator[None]:
    """Let a module's function of this name end what calls it; it must be called.

    `half of delete` deletes half of the objects before it does.
    """
    delete = module.obstore.delete

    def fail(*_, **__):
        raise Cut

    def delete_half(store, paths):
        delete(store, paths[: len(paths) // 2])
        raise Cut

    with pytest.MonkeyPatch.context() as patch:
        if "delete" in where:
            patch.setattr(module.obstore, "delete", delete_half if "half" in where else fail)
        else:
            patch.setattr(module, where, fail)
        with pytest.raises(Cut):
            yield
