"""The interface of plugins does not change by accident."""

from __future__ import annotations

from pathlib import Path

from ftspec import api
from tests.contract.api_surface import surface

FROZEN = Path(__file__).with_name("api_surface.txt")
MAKE = f"python -m tests.contract.api_surface > tests/contract/{FROZEN.name}"


def test_surface_is_the_frozen_one() -> None:
    frozen = FROZEN.read_text(encoding="utf-8").splitlines()
    now = surface().splitlines()
    gone = [line for line in frozen if line not in now]
    new = [line for line in now if line not in frozen]
    assert (gone, new) == ([], []), f"raise ftspec.api.VERSION where it is released, then: {MAKE}"
    assert frozen == now, MAKE


def test_version_is_a_pair_of_numbers() -> None:
    major, minor = api.VERSION
    assert (major, minor) >= (1, 0)


def test_every_name_is_there_once() -> None:
    assert len(set(api.__all__)) == len(api.__all__)
    assert all(hasattr(api, name) for name in api.__all__)
