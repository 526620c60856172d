"""A spec and its overrides as a Python program gives them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ftspec.diagnostics.model import Collector
from ftspec.document.nodes import to_plain
from ftspec.document.overlay import apply_overrides
from ftspec.document.parse import parse_node
from ftspec.errors import UsageError
from ftspec.running.spec_source import source_of, written_overrides
from ftspec.span import SourceText

VALUES: dict[str, Any] = {
    "words": "a plain text",
    "number in text": "1.0e-4",
    "no": "no",
    "empty": "",
    "lines": "a\nb",
    "comment": "a #b",
    "space": " a",
    "reference": "${env:HOME}",
    "float": 1e-5,
    "infinite": math.inf,
    "whole": 3,
    "flag": True,
    "nothing": None,
    "list": [1, "x: y", [2.5]],
    "mapping": {"type": "json", "files": ["a.jsonl"]},
}


def read(text: str) -> Any:
    found = Collector()
    node = parse_node(SourceText("text", text), found)
    assert [*found] == []
    assert node is not None
    return to_plain(node)


def test_numbers_that_pyyaml_reads_as_texts_are_numbers() -> None:
    written = "{rate: 2e-5, list: [1E3, -4e+2], dotted: 1.5e6, text: 2e-5x, digits: '12'}"
    spec = yaml.safe_load(written)
    assert isinstance(spec["rate"], str)
    source = source_of(spec, Collector())
    assert source is not None
    assert read(source.text) == {
        "rate": 2e-5,
        "list": [1000.0, -400.0],
        "dotted": 1.5e6,
        "text": "2e-5x",
        "digits": "12",
    }


def test_a_mapping_reads_as_it_was() -> None:
    source = source_of(VALUES, Collector())
    assert source is not None
    assert read(source.text) == VALUES
    assert source.name == "<spec>"


@pytest.mark.parametrize("name", VALUES)
def test_an_override_has_the_value(name: str) -> None:
    found = Collector()
    root = parse_node(SourceText("text", "a: {b: 1}"), found)
    assert root is not None
    (written,) = written_overrides({"a.b": VALUES[name]})
    changed = apply_overrides(root, [written], found)  # type: ignore[arg-type]
    assert [*found] == []
    assert to_plain(changed) == {"a": {"b": VALUES[name]}}


def test_what_stands_for_a_plain_value_becomes_one() -> None:
    given = {"path": Path("rows.jsonl"), "rate": np.float64(0.5), "pair": (1, 2)}
    source = source_of(given, Collector())
    assert source is not None
    assert read(source.text) == {"path": "rows.jsonl", "rate": 0.5, "pair": [1, 2]}


def test_a_path_is_read_and_a_missing_one_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("ftspec: 1\n", encoding="utf-8")
    found = Collector()
    for path in (tmp_path / "spec.yaml", str(tmp_path / "spec.yaml")):
        source = source_of(path, found)
        assert source is not None
        assert source.text == "ftspec: 1\n"
    assert source_of(tmp_path / "none.yaml", found) is None
    assert [one.slug for one in found] == ["missing-file"]


LOOP: dict[str, Any] = {}
LOOP["again"] = LOOP


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (3, "a spec is a path or a mapping, not of type int"),
        (None, "not of type NoneType"),
        ("ftspec: 1\nname: x", "read a text with yaml.safe_load first"),
        (b"spec.yaml", "not of type bytes"),
        ({"a": {1: 2}}, '"a" has the key 1, which is of type int'),
        ({"a": [{"b": 1j}]}, '"a[0].b" is of type complex'),
        ({"a": b"x"}, '"a" is of type bytes'),
        (LOOP, "the spec contains itself"),
    ],
    ids=str,
)
def test_what_is_no_spec_is_refused(spec: Any, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        source_of(spec, Collector())
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["training.max_steps=1"], "overrides are a mapping"),
        ({"": 1}, '"" is no path of a value'),
        ({3: 1}, '"3" is no path of a value'),
        ({"a=b": 1}, '"a=b" is no path of a value'),
        ({"a": {1, 2}}, '"a" is of type set'),
    ],
    ids=str,
)
def test_what_are_no_overrides_is_refused(overrides: Any, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        written_overrides(overrides)
    assert said in str(raised.value)
