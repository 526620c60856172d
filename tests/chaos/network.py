"""The faults of the Hub of tests/hub: a read heals, or ends in one clear error."""

from __future__ import annotations

from random import Random

from tests.chaos.place import Place
from tests.chaos.verdict import Kind, LostError, SilentError, Verdict
from tests.hub.test_hub_faults import HEALED, REFUSED, Case, Undisturbed, read, undisturbed

_CASES = {f"{number} {case}": case for number, case in enumerate((*HEALED, *REFUSED))}


def attack(place: Place, phase: str, rng: Random) -> Verdict:
    """Read while the Hub misbehaves, and again when it does not."""
    case = _CASES[phase]
    hub = place.opened(undisturbed)
    expected = hub.right_result(case.what)
    name, outcome = read(hub, case)
    if outcome.seconds > case.seconds:
        raise LostError(f"{outcome.seconds:.1f} seconds: {outcome}")
    if not case.says:
        if outcome.said:
            raise LostError(f"a fault that passes ends the read: {outcome}")
        if outcome.result != expected:
            raise SilentError(f"something else was read: {outcome}")
        return Verdict("reference")
    if outcome.kind != "RunError" or not all(part in outcome.said for part in case.says):
        raise LostError(f"the error is not clear: {outcome}")
    _require_healed(hub, case, name)
    return Verdict("refused", outcome.said)


def _require_healed(hub: Undisturbed, case: Case, name: str) -> None:
    """Nothing wrong stays in the cache."""
    what = "file" if case.what == "model" else case.what
    again = hub.reader.read(what, name, 30)
    if again.said:
        raise LostError(f"the next read fails: {again}")
    if again.result != hub.right_result(what):
        raise SilentError(f"the next read gives something else: {again}")


HUB_FAULTS = Kind("hub", tuple(_CASES), short=0, long=len(_CASES), attack=attack)
"""The short form makes none: tests/hub/test_hub_faults.py makes all."""
