"""The output of ``--format sarif`` is SARIF 2.1.0, by the schema and the text of the standard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from jsonschema import Draft202012Validator

from ftspec.diagnostics.model import Collector, Diagnostic
from ftspec.diagnostics.render import sarif
from ftspec.document.load import read_source
from ftspec.linting import lint
from ftspec.registry.discover import build_registry
from tests.cli.light import ftspec

SCHEMA = json.loads(
    (Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text(encoding="utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)
CASES = sorted((Path(__file__).parents[1] / "cases").glob("[!_]*/[!_]*.yaml"))
SOUND = (Path(__file__).parents[1] / "cases" / "_sound.yaml").read_text(encoding="utf-8")
TYPO = f"{SOUND}sede: 1\n"


def run_of(text: str) -> dict[str, Any]:
    """The one run of a log, which must be valid."""
    log = json.loads(text)
    assert [error.message for error in VALIDATOR.iter_errors(log)] == []
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    assert isinstance(run, dict)
    return run


def uris(run: dict[str, Any]) -> Iterator[str]:
    for result in run["results"]:
        for place in (*result.get("locations", ()), *result.get("relatedLocations", ())):
            yield place["physicalLocation"]["artifactLocation"]["uri"]
        for fix in result.get("fixes", ()):
            for change in fix["artifactChanges"]:
                yield change["artifactLocation"]["uri"]


def test_schema_is_a_schema_that_can_fail() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    log = json.loads(sarif.render([Diagnostic(slug="x", headline="y")]))
    assert VALIDATOR.is_valid(log)
    for key, value in (("level", "info"), ("ruleIndex", "0"), ("lokations", [])):
        changed = json.loads(json.dumps(log))
        changed["runs"][0]["results"][0][key] = value
        assert not VALIDATOR.is_valid(changed), key
    del log["runs"][0]["tool"]
    assert not VALIDATOR.is_valid(log)


def test_findings_of_every_case_are_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = build_registry(with_entry_points=False)
    found = Collector()
    for path in CASES:
        monkeypatch.chdir(path.parent)
        found = Collector()
        source = read_source(Path(path.name), found)
        if source is not None:
            found.extend(lint(source, registry))
        run = run_of(sarif.render(list(found)))
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        for one, result in zip(found, run["results"], strict=True):
            assert rules[result["ruleIndex"]] == result["ruleId"] == one.slug
            assert result["message"]["text"].startswith(one.headline)
        for uri in uris(run):
            assert urlsplit(uri).scheme == ""  # relative to where lint ran


def test_nothing_found_is_a_valid_log(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SOUND, encoding="utf-8")
    done = ftspec("lint", "spec.yaml", "--format", "sarif", cwd=tmp_path)
    assert done.code == 0
    assert run_of(done.out)["results"] == []


def test_finding_with_a_fix(tmp_path: Path) -> None:
    name = "mein spec: 100% 試.yaml"
    (tmp_path / name).write_text(TYPO, encoding="utf-8")
    run = run_of(ftspec("lint", name, "--format", "sarif", cwd=tmp_path).out)
    [result] = run["results"]
    [fix] = result["fixes"]
    [change] = fix["artifactChanges"]
    [replacement] = change["replacements"]
    line = TYPO.count("\n")
    region = {"startLine": line, "startColumn": 1, "endLine": line, "endColumn": 5}
    assert replacement == {"deletedRegion": region, "insertedContent": {"text": "seed"}}
    assert result["locations"][0]["physicalLocation"]["region"] == region
    assert {unquote(uri) for uri in uris(run)} == {name}
    assert all(uri.isascii() and " " not in uri for uri in uris(run))


def test_several_files_and_a_finding_without_a_place(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(f"{TYPO}metrics: [acuracy]\n", encoding="utf-8")
    done = ftspec("lint", "a.yaml", "none.yaml", "b.yaml", "--format", "sarif", cwd=tmp_path)
    run = run_of(done.out)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["missing-file", "unknown-key", "unknown-type"]
    found = [(one["ruleId"], "locations" in one) for one in run["results"]]
    each = [("unknown-key", True), ("unknown-type", True)]
    assert found == [*each, ("missing-file", False), *each]
    assert set(uris(run)) == {"a.yaml", "b.yaml"}


def test_finding_in_two_places(tmp_path: Path) -> None:
    text = f"{SOUND}metrics: [accuracy, accuracy]\n"
    (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
    run = run_of(ftspec("lint", "spec.yaml", "--format", "sarif", cwd=tmp_path).out)
    [result] = run["results"]
    assert result["level"] == "warning"
    columns = [
        [place["physicalLocation"]["region"]["startColumn"] for place in result[key]]
        for key in ("locations", "relatedLocations")
    ]
    assert columns == [[21], [11]]


def test_standard_input() -> None:
    run = run_of(ftspec("lint", "-", "--format", "sarif", stdin=TYPO).out)
    assert {unquote(uri) for uri in uris(run)} == {"<stdin>"}
