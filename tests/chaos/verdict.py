"""What came of one attack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tests.chaos.place import Place

Outcome = Literal["reference", "noted", "refused", "lost", "silent"]

MEANINGS: dict[Outcome, str] = {
    "reference": "Every byte of the model, and metrics.jsonl up to times, are those of the "
    "undisturbed run. A mutated spec has no finding.",
    "noted": "The same, and the run said what it passed over or did again.",
    "refused": "The exit code is 1 or 2, and a message says what is wrong and where.",
    "lost": "A traceback, exit code 3, an endless wait, a message that does not say where, or work "
    "that is gone without need.",
    "silent": "Something else came out, and nothing was said.",
}


@dataclass(frozen=True)
class Verdict:
    """An outcome, and what was seen where it is a bad one."""

    outcome: Outcome
    detail: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether ftspec did not keep a promise."""
        return self.outcome in ("lost", "silent")


class BadEndError(Exception):
    """An attack that ftspec did not stand."""

    outcome: Outcome = "lost"


class LostError(BadEndError):
    """Something is lost, or ended in a way that no user understands."""


class SilentError(BadEndError):
    """Something is wrong, and nothing was said."""

    outcome: Outcome = "silent"


class SkippedError(Exception):
    """This machine cannot make the attack."""


@dataclass(frozen=True)
class Attempt:
    """One attack.

    Attributes:
        kind: the kind of attack.
        phase: what it hit.
        seed: ``--only KIND --seed SEED --attempts 1`` makes it again.
        verdict: what came of it; ``None`` if this machine cannot make it.
        seconds: how long it took.
    """

    kind: str
    phase: str
    seed: int
    verdict: Verdict | None
    seconds: float


@dataclass(frozen=True)
class Kind:
    """A kind of attack.

    Attributes:
        name: its name for ``--only``.
        phases: what it hits, in turn.
        short: how many attempts the short form makes.
        long: how many the long form makes.
        attack: makes one attempt.
    """

    name: str
    phases: tuple[str, ...]
    short: int
    long: int
    attack: Callable[[Place, str, Random], Verdict]
