"""ftspec: declarative fine-tuning of Hugging Face models from one YAML spec.

``ftspec.run`` and ``ftspec.load`` are for Python programs. They are imported when they are used, so
that ``import ftspec`` costs nothing; plugin authors import :mod:`ftspec.api`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ftspec.engine.progress.outcome import RunFailedError, RunInterruptedError
    from ftspec.errors import (
        FtspecError,
        FtspecWarning,
        MissingExtraError,
        RunError,
        SpecError,
        UsageError,
    )
    from ftspec.running.door import run
    from ftspec.running.run import Run, load

__version__ = "0.1.0"

__all__ = [
    "FtspecError",
    "FtspecWarning",
    "MissingExtraError",
    "Run",
    "RunError",
    "RunFailedError",
    "RunInterruptedError",
    "SpecError",
    "UsageError",
    "__version__",
    "load",
    "run",
]

_PLACES = {
    "run": "ftspec.running.door",
    "load": "ftspec.running.run",
    "Run": "ftspec.running.run",
    "RunFailedError": "ftspec.engine.progress.outcome",
    "RunInterruptedError": "ftspec.engine.progress.outcome",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES.get(name, "ftspec.errors")), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
