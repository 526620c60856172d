"""The fields that lint sees in local files, before any run."""

from __future__ import annotations

import json
from pathlib import Path

from ftspec.linting import examine
from ftspec.planning.local_rows import local_rows
from ftspec.planning.plan import Plan
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText

SPEC = """\
ftspec: 1
name: topics
data: {{source: {source}}}
preprocess: {{template: {{text: "{{title}}: {{body}}"}}, transforms: [{transforms}]}}
model: {{checkpoint: gpt2}}
task: text-generation
training: {{max_steps: 1}}
"""
ROWS = [{"title": "a", "body": "b"}, {"title": "c", "body": ["d"]}, {"title": "e"}]


def plan_of(source: str, transforms: str = "") -> Plan:
    text = SPEC.format(source=source, transforms=transforms)
    plan = examine(SourceText("spec.yaml", text), build_registry()).plan
    assert plan is not None
    return plan


def rows_in(folder: Path) -> str:
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return f'{{type: json, files: "{file}"}}'


def test_fields_are_those_of_the_template(tmp_path: Path) -> None:
    """A field that cannot be rendered is missing: other checks find it."""
    found = local_rows(plan_of(rows_in(tmp_path)))
    assert [row.fields for row in found] == [{"text": "a: b"}, {"text": None}, {"text": None}]
    assert [row.columns["title"] for row in found] == ["a", "c", "e"]
    assert [row.where for row in found] == sorted({row.where for row in found})


def test_rows_are_unknown_where_a_transform_may_drop_them(tmp_path: Path) -> None:
    source = rows_in(tmp_path)
    assert len(local_rows(plan_of(source, "{type: deduplicate, columns: [title]}"))) == len(ROWS)
    assert local_rows(plan_of(source, "{type: filter, column: title, min_characters: 1}")) == []


def test_rows_of_the_hub_are_unknown() -> None:
    assert local_rows(plan_of("{type: hub, path: stanfordnlp/imdb}")) == []
