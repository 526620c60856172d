"""The short form of the attack: some attempts of each kind (``make chaos`` makes hundreds)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.__main__ import KINDS
from tests.chaos.attacking import attempts_of
from tests.chaos.place import Place, opened_place
from tests.chaos.table import is_bad, line_of

pytestmark = [pytest.mark.slow, pytest.mark.long]

SEED = 6
"""The phases of kills that follow are checkpoint, evaluation, save, export and evaluate."""


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with opened_place() as opened:
        yield opened


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.short])
def test_nothing_is_lost_and_nothing_silent(name: str, place: Place) -> None:
    kind = KINDS[name]
    attempts = attempts_of(kind, place, SEED, kind.short)
    assert [line_of(one) for one in attempts if is_bad(one)] == []
