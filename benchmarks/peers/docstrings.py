"""The rows for all tools: docstrings of the standard library, labelled with their module."""

from __future__ import annotations

import csv
import importlib
import inspect
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MODULES = ("asyncio", "collections", "inspect", "logging", "ssl", "typing")
EACH, FEW_OF_EACH, HELD_OUT = 56, 8, 7
FEWEST_WORDS = 4


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A training set and a validation set, each as ``.csv`` and as ``.jsonl``, in one folder.

    Attributes:
        folder: where they are: ``train.csv``, ``train.jsonl``, ``validation.csv``, ….
        count: training rows.
    """

    folder: Path
    count: int

    def texts(self) -> Iterator[str]:
        """The texts of the training rows."""
        for line in (self.folder / "train.jsonl").read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["text"]


def write_few_and_many(folder: Path) -> tuple[Rows, Rows]:
    """48 and 288 training rows, both with the same 48 validation rows.

    Both have the longest docstring of each module, because some tools pad every row to the longest.
    """
    validation, few, many = [], [], []
    for module in MODULES:
        texts = sorted(_docstrings(module), key=len, reverse=True)
        chosen = [
            {"text": texts[number * len(texts) // EACH], "label": module} for number in range(EACH)
        ]
        held_out = chosen[HELD_OUT - 1 :: HELD_OUT]
        training = [row for row in chosen if row not in held_out]
        validation += held_out
        few += training[:: len(training) // FEW_OF_EACH]
        many += training
    return _write(folder / "few", few, validation), _write(folder / "many", many, validation)


def _write(folder: Path, training: list[dict[str, str]], validation: list[dict[str, str]]) -> Rows:
    folder.mkdir()
    for name, rows in (("train", training), ("validation", validation)):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, ["text", "label"])
            writer.writeheader()
            writer.writerows(rows)
    return Rows(folder=folder, count=len(training))


def _docstrings(name: str) -> list[str]:
    """The docstrings of a module and of its classes, methods and functions, each once."""
    module = importlib.import_module(name)
    documented = [
        member
        for owner in [module, *_own(module, inspect.isclass, name)]
        for member in [owner, *_own(owner, inspect.isfunction, name)]
    ]
    texts = {inspect.getdoc(one) or "" for one in documented}
    return sorted(text for text in texts if len(text.split()) >= FEWEST_WORDS)


def _own(owner: Any, is_wanted: Any, module: str) -> list[Any]:
    members = inspect.getmembers(owner, is_wanted)
    return [member for _, member in members if (member.__module__ or "").startswith(module)]
