"""The exceptions of ftspec. Mistakes in a spec are diagnostics, not exceptions."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ftspec.diagnostics.model import Diagnostic


class FtspecError(Exception):
    """Base of expected errors. The command line shows them without a traceback."""

    def __reduce__(self) -> tuple[Any, ...]:
        """How the error goes to another process: the arguments of its constructor differ from what
        it says."""
        return _made_again, (type(self), self.args, self.__dict__)


def _made_again(kind: type[FtspecError], said: tuple[Any, ...], values: dict[str, Any]) -> Any:
    error = kind.__new__(kind)
    error.args = said
    error.__dict__.update(values)
    return error


class FtspecWarning(UserWarning):
    """A finding that does not stop a run, for a Python program."""


class SpecError(FtspecError):
    """A phase ended with errors. Has every diagnostic of the phase.

    ``text`` is how a program shows them, instead of a line for each.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic], text: str | None = None) -> None:
        lines = "; ".join(str(diagnostic) for diagnostic in diagnostics)
        super().__init__(lines if text is None else text)
        self.diagnostics = tuple(diagnostics)


class RunError(FtspecError):
    """A user's mistake that is found only when data or models are loaded.

    ``at`` is the place in the spec that causes it: a path of keys and list indexes such as
    ``("preprocess", "template", "text")``. The engine turns the error into a diagnostic at this
    place. A component gets its own place from ``context.section``.
    ``run_folder`` is that of a run that it ended.
    """

    def __init__(
        self,
        headline: str,
        *,
        slug: str,
        at: tuple[str | int, ...] = (),
        helps: Sequence[str] = (),
    ) -> None:
        super().__init__(headline)
        self.headline = headline
        self.slug = slug
        self.at = at
        self.helps = tuple(helps)
        self.run_folder: Path | None = None


class MissingExtraError(FtspecError):
    """A package of an optional extra is not installed."""

    def __init__(self, module: str, install: str) -> None:
        super().__init__(f'the package "{module}" is not installed; install it with: {install}')
        self.module = module
        self.install = install


def not_writable(
    folder: Path,
    error: OSError,
    *,
    at: tuple[str | int, ...] = (),
    helps: Sequence[str] = (),
) -> RunError:
    """The error of a folder that cannot be written."""
    return RunError(
        f'cannot write to "{folder}": {error.strerror or error}',
        slug="output-not-writable",
        at=at,
        helps=helps,
    )


class UsageError(FtspecError):
    """Wrong usage of the command line (exit code 2), or of :func:`ftspec.run`."""


_BAD_PATH = (errno.ENAMETOOLONG, errno.ELOOP)
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def is_bad_path(error: BaseException) -> bool:
    """Whether a path has a name that is too long, or is a link to itself: no file can be there, so
    somebody wrote it."""
    return isinstance(error, OSError) and error.errno in _BAD_PATH


def is_disk_full(error: BaseException) -> bool:
    """Whether there is no room for a file."""
    return isinstance(error, OSError) and error.errno in _DISK_FULL


def text_of_os_error(error: OSError) -> str:
    """A path that cannot be used, or what the system says."""
    if not is_bad_path(error):
        return str(error.strerror)
    path, longest = str(error.filename), 80
    shown = path if len(path) <= longest else f"{path[: longest - 1]}…"
    return f'cannot use "{shown}": {error.strerror}'


def in_one_line(error: BaseException, most: int = 300) -> str:
    """The text of an error on one line, with at most ``most`` characters.

    The text is cut between words: a part of a secret would not be recognized and masked.
    """
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= most else f"{text[:most].rpartition(' ')[0]} …".lstrip()


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """An error and what it comes from, the newest first."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__
