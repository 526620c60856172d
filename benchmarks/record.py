"""What one run of a benchmark measured: a JSON file, and the page that is made from it."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.rows import Row, from_json, markdown, to_json

RESULTS = Path(__file__).parent / "results"
"""A ``.json`` for each record, and a ``.md`` with its page."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """Everything that a page of results needs except the words of the benchmark's docstring.

    Attributes:
        benchmark: the name of its module.
        machine: what the numbers were measured on, by name.
        rounds: as ``--rounds`` asked for them.
        rows: the numbers, rounded.
    """

    benchmark: str
    machine: Mapping[str, str]
    rounds: int
    rows: Sequence[Row]

    @property
    def stem(self) -> str:
        """The name of its files. A benchmark for CPUs that ran on a GPU has a second pair."""
        if "GPU" in self.machine and not self.benchmark.endswith("_on_gpu"):
            return f"{self.benchmark}_on_gpu"
        return self.benchmark

    def page(self) -> str:
        """The page in Markdown: what is measured, how, on which machine, and the table."""
        machine = "; ".join(f"{key} {value}" for key, value in self.machine.items())
        return "\n\n".join(
            (
                f"# {self.benchmark}",
                docstring_of(self.benchmark),
                f"`python -m benchmarks {self.benchmark} --rounds {self.rounds}`, {machine}:",
                f"{markdown(self.rows)}\n",
            )
        )

    def to_json(self) -> str:
        """The text of its file."""
        values = {
            "benchmark": self.benchmark,
            "machine": dict(self.machine),
            "rounds": self.rounds,
            "rows": to_json(self.rows),
        }
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"

    def write(self, folder: Path = RESULTS) -> None:
        """Write the numbers and the page."""
        folder.mkdir(exist_ok=True)
        (folder / f"{self.stem}.json").write_text(self.to_json(), encoding="utf-8")
        (folder / f"{self.stem}.md").write_text(self.page(), encoding="utf-8")


def make_record(
    benchmark: str, machine: Mapping[str, str], rounds: int, rows: Sequence[Row]
) -> Record:
    """The record of rows that were just measured. A page shows what the JSON file has, so they are
    rounded as they are there."""
    return Record(
        benchmark=benchmark, machine=machine, rounds=rounds, rows=from_json(to_json(rows))
    )


def read_record(file: Path) -> Record:
    """The record that a JSON file has."""
    values = json.loads(file.read_text(encoding="utf-8"))
    return Record(
        benchmark=values["benchmark"],
        machine=values["machine"],
        rounds=values["rounds"],
        rows=from_json(values["rows"]),
    )


def docstring_of(benchmark: str) -> str:
    """The docstring of a benchmark's module, without importing torch along with it."""
    found = find_spec(f"benchmarks.{benchmark}")
    assert found is not None, benchmark
    assert found.origin is not None, benchmark
    text = Path(found.origin).read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(text)) or ""
