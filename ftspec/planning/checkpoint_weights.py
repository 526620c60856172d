"""How many weights the files of a checkpoint hold, read without the libraries."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from pathlib import Path

_LONGEST_HEADER = 100_000_000
_BYTES = 4
"""Bytes of a weight in a file that does not say how many it holds."""


def count_weights(folder: Path) -> int:
    """How many weights a checkpoint holds; 0 if it cannot be told."""
    count = 0
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        for path in folder.glob("*.safetensors"):
            count += sum(math.prod(shape) for shape in _shapes_in(path))
        if not count:
            count = sum(path.stat().st_size for path in folder.glob("pytorch_model*.bin")) // _BYTES
    return count


def _shapes_in(path: Path) -> list[list[int]]:
    """The shapes of the weights in a safetensors file. Its header is JSON after its length:
    https://github.com/huggingface/safetensors."""
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > _LONGEST_HEADER:
            raise ValueError(f"a header of {length} bytes")
        header = json.loads(stream.read(length))
    return [entry["shape"] for name, entry in header.items() if name != "__metadata__"]
