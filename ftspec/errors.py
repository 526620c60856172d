"""The few exceptions of ftspec. What is wrong in a spec is a diagnostic, not one of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ftspec.diagnostics.model import Diagnostic


class FtspecError(Exception):
    """Base of every expected error: the command line shows it without a traceback."""


class SpecError(FtspecError):
    """A phase ended with errors; carries every diagnostic of the phase."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("; ".join(str(diagnostic) for diagnostic in diagnostics))
        self.diagnostics = tuple(diagnostics)


class RunError(FtspecError):
    """A user's mistake found only when data or models are at hand.

    ``at`` is the place in the spec that is at fault, as a path of keys and list indexes such as
    ``("preprocess", "template", "text")``; the engine turns it into a diagnostic with its span.
    Components know their own place from ``context.section``.
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


class MissingExtraError(FtspecError):
    """A package of an optional extra is not installed."""

    def __init__(self, module: str, install: str) -> None:
        super().__init__(f'the package "{module}" is not installed; install it with: {install}')
        self.module = module
        self.install = install


class UsageError(FtspecError):
    """The command line itself is at fault (exit code 2)."""


def in_one_line(error: BaseException, most: int = 300) -> str:
    """What an error says, on one line of at most so many characters.

    It is cut between words. A part of a secret is not recognized as one, and is not masked.
    """
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= most else f"{text[:most].rpartition(' ')[0]} …".lstrip()
