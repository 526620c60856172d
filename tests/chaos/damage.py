"""Kinds of damage to a file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

Damage = Callable[[Path, Random], None]


def _cut(path: Path, rng: Random) -> None:
    os.truncate(path, int(path.stat().st_size * rng.uniform(0.05, 0.95)))


def _zero(path: Path, rng: Random) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def _empty(path: Path, rng: Random) -> None:
    path.write_bytes(b"")


def _remove(path: Path, rng: Random) -> None:
    path.unlink()


def _replace_by_folder(path: Path, rng: Random) -> None:
    path.unlink()
    path.mkdir()


def _garble(path: Path, rng: Random) -> None:
    path.write_bytes(rng.randbytes(max(16, path.stat().st_size)))


def _flip(path: Path, rng: Random) -> None:
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def _append(path: Path, rng: Random) -> None:
    with path.open("ab") as stream:
        stream.write(rng.randbytes(64))


def _other_type(path: Path, rng: Random) -> None:
    other = ("null", "[]", "7", '"text"', "{}", '{"status": [], "files": 3, "plan": {}}')
    path.write_text(rng.choice(other), encoding="utf-8")


DAMAGES: dict[str, Damage] = {
    "cut": _cut,
    "zeros": _zero,
    "empty": _empty,
    "removed": _remove,
    "a folder instead": _replace_by_folder,
    "garbage": _garble,
    "a flipped bit": _flip,
    "appended": _append,
    "another type": _other_type,
}


def damage_folder(path: Path, rng: Random) -> str:
    """Damage a folder as such; what was done."""
    kind = rng.choice(("removed", "a file instead", "empty"))
    shutil.rmtree(path)
    if kind == "a file instead":
        path.write_bytes(b"")
    elif kind == "empty":
        path.mkdir()
    return kind
