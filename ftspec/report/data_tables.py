"""What a run was trained on: sets, rows, lengths and labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftspec.report.numbers import is_number, shown_cell, shown_count
from ftspec.report.run_files import RunFiles
from ftspec.report.tables import Column, Table, counted_out, shortened

_MOST_LABELS = 50
_MOST_SETS = 20
_LENGTHS = ("shortest", "median", "95th percentile", "longest")


def data_tables(files: RunFiles) -> list[Table]:
    """The sets, and how often each label is in each."""
    sets: dict[str, Any] = {}
    for key in ("splits", "evaluation"):
        found = files.lock.get(key)
        sets |= found if isinstance(found, dict) else {}
    names = [str(name) for name in sets][:_MOST_SETS]
    facts = {name: one for name, one in files.data.items() if isinstance(one, dict)}
    return [
        table for table in (_sets(sets, names, facts), _labels(names, facts)) if table is not None
    ]


def _sets(
    sets: Mapping[str, Any], names: list[str], facts: Mapping[str, Mapping[str, Any]]
) -> Table | None:
    if not names:
        return None
    has_lengths = any(_lengths(facts.get(name)) for name in names)
    rows = []
    for name in names:
        of_set = sets[name] if isinstance(sets[name], dict) else {}
        lengths = _lengths(facts.get(name))
        count = "streamed" if of_set.get("streamed") else shown_count(of_set.get("rows"))
        shown = [shown_cell(lengths.get(key)) for key in _LENGTHS] if has_lengths else []
        rows.append((name, count, *shown))
    columns = [Column("set"), Column("rows", True)]
    columns += [Column(key, True) for key in _LENGTHS] if has_lengths else []
    caption = "Sets" + (", with the tokens of their rows" if has_lengths else "")
    return Table(caption, columns, rows)


def _labels(names: list[str], facts: Mapping[str, Mapping[str, Any]]) -> Table | None:
    counts = {
        name: facts[name]["labels"]
        for name in names
        if isinstance(facts.get(name, {}).get("labels"), dict)
    }
    labels = list(dict.fromkeys(label for one in counts.values() for label in one))
    if not labels:
        return None
    rows = [
        (shortened(label, 100), *(shown_count(one.get(label, 0)) for one in counts.values()))
        for label in labels[:_MOST_LABELS]
    ]
    columns = (Column("label"), *(Column(name, True) for name in counts))
    left_out = counted_out(len(labels), _MOST_LABELS, "labels")
    return Table("Rows of each label", columns, rows, left_out)


def _lengths(facts: Mapping[str, Any] | None) -> Mapping[str, Any]:
    found = (facts or {}).get("tokens")
    if not isinstance(found, dict):
        return {}
    return {key: value for key, value in found.items() if is_number(value)}
