"""Makes attempts, one after the other."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from random import Random

from tests.chaos.place import Place
from tests.chaos.verdict import Attempt, BadEndError, Kind, SkippedError, Verdict


def attempts_of(kind: Kind, place: Place, seed: int, count: int) -> Iterator[Attempt]:
    """The attempts of a kind with the seeds from ``seed`` on."""
    for number in range(seed, seed + count):
        phase = kind.phases[number % len(kind.phases)]
        began = time.monotonic()
        verdict = _verdict(kind, place, phase, Random(f"{kind.name} {number}"))
        yield Attempt(kind.name, phase, number, verdict, time.monotonic() - began)


def _verdict(kind: Kind, place: Place, phase: str, rng: Random) -> Verdict | None:
    try:
        return kind.attack(place, phase, rng)
    except SkippedError:
        return None
    except BadEndError as error:
        return Verdict(error.outcome, str(error))
    except Exception:  # also of the attack itself: nothing passes unseen
        return Verdict("lost", traceback.format_exc())
