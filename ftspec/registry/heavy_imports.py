"""Finds the chain of modules that imports a heavy library.

A finder before all others finds nothing, and only records. Python asks it once for each new module,
so it costs a light plugin almost nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import FrameType, ModuleType, TracebackType

HEAVY_MODULES = (
    "torch",
    "transformers",
    "datasets",
    "evaluate",
    "numpy",
    "pandas",
    "accelerate",
    "jax",
    "peft",
    "pyarrow",
    "scipy",
    "sentence_transformers",
    "sklearn",
    "tensorflow",
    "tokenizers",
    "trl",
)
"""The libraries that a plugin's entry point must not import."""

_MACHINERY = ("importlib", "pluggy", "_frozen_importlib", "_frozen_importlib_external")


class HeavyImports:
    """Records how heavy libraries are imported within the ``with`` block.

    Attributes:
        chain: ``module:line`` of every import that leads to the first heavy library, and this
            library; empty if there is none. Earlier imports are not recorded.
    """

    def __init__(self) -> None:
        self.chain: tuple[str, ...] = ()
        self._asked: dict[str, tuple[str, ...]] = {}
        self._before: frozenset[str] = frozenset()

    def __enter__(self) -> HeavyImports:
        self._before = frozenset(name for name in HEAVY_MODULES if name in sys.modules)
        sys.meta_path.insert(0, self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self in sys.meta_path:  # a plugin may have changed the list
            sys.meta_path.remove(self)
        # find_spec also asks for a library, without importing it
        imported = [chain for name, chain in self._asked.items() if name in sys.modules]
        self.chain = imported[0] if imported else ()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """Find nothing, and record who asks for a heavy library."""
        if fullname in HEAVY_MODULES and fullname not in self._before:
            self._asked[fullname] = (*_chain(sys._getframe(1)), fullname)


def _chain(frame: FrameType | None) -> list[str]:
    """The modules and lines of the import, the outermost first, up to this package."""
    steps: list[str] = []
    while frame is not None:
        module = str(frame.f_globals.get("__name__", "?"))
        if module.startswith(f"{__package__}."):
            break
        if module.partition(".")[0] not in _MACHINERY:
            steps.append(f"{module}:{frame.f_lineno}")
        frame = frame.f_back
    return steps[::-1]
