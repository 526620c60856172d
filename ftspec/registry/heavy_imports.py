"""Who imports a heavy library: the chain of modules, seen while it happens.

The finder stands before all others and finds nothing. It is asked once for each module that is not
there yet, so a light plugin pays for it next to nothing.
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
"""What a plugin's entry point must not import."""

_MACHINERY = ("importlib", "pluggy", "_frozen_importlib", "_frozen_importlib_external")


class HeavyImports:
    """Within the ``with`` block, remembers how each heavy library came to be imported.

    Attributes:
        chain: ``module:line`` of every import on the way, and the library that came first; empty
            where there was none. What was imported before the block is not seen.
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
        if self in sys.meta_path:  # a plugin may have put them in order
            sys.meta_path.remove(self)
        # to look whether a library is there, as find_spec does, is not to import it
        imported = [chain for name, chain in self._asked.items() if name in sys.modules]
        self.chain = imported[0] if imported else ()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """Find nothing, and remember who asked for a heavy library."""
        if fullname in HEAVY_MODULES and fullname not in self._before:
            self._asked[fullname] = (*_chain(sys._getframe(1)), fullname)


def _chain(frame: FrameType | None) -> list[str]:
    """The modules at whose lines the import is, the outermost first, down from this package."""
    steps: list[str] = []
    while frame is not None:
        module = str(frame.f_globals.get("__name__", "?"))
        if module.startswith(f"{__package__}."):
            break
        if module.partition(".")[0] not in _MACHINERY:
            steps.append(f"{module}:{frame.f_lineno}")
        frame = frame.f_back
    return steps[::-1]
