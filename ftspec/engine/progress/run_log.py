"""What a run reports to its watcher and its log. The engine never prints."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from ftspec.escaping import visible

Note = Callable[[str], None]


class Watcher(Protocol):
    """Receives what a run reports. The command line has one for terminals and one for logs."""

    def phase(self, name: str) -> None:
        """A phase starts: ``preparing data``, ``loading model``, ``training``, …"""

    def note(self, text: str) -> None:
        """Something the user should know."""

    def step(self, done: int, total: int, logs: Mapping[str, float]) -> None:
        """A training step is done; ``logs`` are the latest logged numbers."""

    def evaluated(self, split: str, metrics: Mapping[str, float], step: int) -> None:
        """A split was evaluated."""


def drop_note(note: str) -> None:
    """A ``Note`` that shows nothing: where what it says was shown before."""


class RunLog:
    """Passes everything on to the watcher and writes it to the run's log, with the warnings of
    libraries. Inside the ``with`` block these are not printed.

    ``mask`` hides the secrets in every text.

    Attributes:
        seconds: the duration of each phase that has ended.
    """

    def __init__(self, path: Path, watcher: Watcher, mask: Callable[[str], str] = str) -> None:
        self._watcher = watcher
        self._mask = mask
        self._handler = _LogFile(path, encoding="utf-8")
        self._handler.setFormatter(_MaskingFormatter(mask))
        self._handler.addFilter(_is_of_the_run)
        self._logger = logging.getLogger("ftspec.run")
        self._logger.setLevel(logging.INFO)
        self._logger.propagate = False
        self._logger.addHandler(self._handler)
        self.seconds: dict[str, float] = {}
        self._phase, self._began = "", 0.0
        self._remembered: list[str] = []
        self._handlers: list[tuple[logging.Logger, list[logging.Handler], bool]] = []
        self._captures = False

    def __enter__(self) -> RunLog:
        before = warnings.showwarning
        logging.captureWarnings(True)
        self._captures = warnings.showwarning is not before  # the program may do so already
        for name in ("", "transformers", "datasets", "huggingface_hub", "evaluate", "py.warnings"):
            logger = logging.getLogger(name)
            self._handlers.append((logger, list(logger.handlers), logger.propagate))
            logger.handlers = [self._handler] if name == "" else []
            logger.propagate = True
        return self

    def __exit__(self, *error: object) -> None:
        for logger, handlers, propagate in self._handlers:
            logger.handlers = handlers
            logger.propagate = propagate
        if self._captures:
            logging.captureWarnings(False)
        self._logger.removeHandler(self._handler)
        self._handler.close()

    def phase(self, name: str) -> None:
        """A phase starts, and the previous one ends."""
        self.end_phase()
        self._phase, self._began = name, time.monotonic()
        self._logger.info(name)
        self._watcher.phase(name)

    def end_phase(self) -> None:
        """The current phase ends."""
        if self._phase:
            taken = time.monotonic() - self._began
            self.seconds[self._phase] = self.seconds.get(self._phase, 0.0) + taken
        self._phase = ""

    def note(self, text: str) -> None:
        """Something the user should know."""
        self._logger.info(text)
        self._watcher.note(self._mask(text))
        self._remembered.append(self._mask(text))

    @contextmanager
    def remembering(self) -> Iterator[list[str]]:
        """The notes inside the ``with`` block, masked."""
        before, self._remembered = self._remembered, []
        yield self._remembered
        self._remembered = [*before, *self._remembered]

    def warn(self, text: str) -> None:
        """Something went wrong that does not end the run."""
        self._logger.warning(text)
        self._watcher.note(self._mask(text))

    def record_error(self, text: str) -> None:
        """Why the run ends. The watcher does not get it: the command line reports the error."""
        self._logger.error(text)

    def step(self, done: int, total: int, logs: Mapping[str, float]) -> None:
        """A training step is done."""
        self._watcher.step(done, total, logs)

    def logged(self, step: int, logs: Mapping[str, float]) -> None:
        """The Trainer logged numbers."""
        self._logger.info("step %d: %s", step, _shown(logs))

    def evaluated(self, split: str, metrics: Mapping[str, float], step: int) -> None:
        """A split was evaluated."""
        self._logger.info("%s at step %d: %s", split, step, _shown(metrics))
        self._watcher.evaluated(split, metrics, step)


def _is_of_the_run(record: logging.LogRecord) -> bool:
    """Warnings, and what ftspec and its plugins say. A program may have the root logger pass on
    more, as Ray Train does: what libraries only inform of is not kept."""
    return record.levelno >= logging.WARNING or record.name.startswith("ftspec")


class _LogFile(logging.FileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - of logging
        """Print no traceback where the disk is full: the error that ends the run says it."""

    def close(self) -> None:
        """Close it. What a full disk does not take must not hide the error that ends the run."""
        with suppress(OSError):
            super().close()


class _MaskingFormatter(logging.Formatter):
    def __init__(self, mask: Callable[[str], str]) -> None:
        super().__init__("%(asctime)sZ %(levelname)s %(name)s: %(message)s")
        self.converter = time.gmtime  # UTC, as in all files of a run directory
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        return visible(self._mask(super().format(record)))


def _shown(numbers: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.6g}" for name, value in numbers.items())
