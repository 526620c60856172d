"""Files that a spec names exist."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from ftspec.components import Prediction, TaskComponent, TaskConfig, TaskField
from ftspec.registry.registry import Plugin, Registered, Registry
from ftspec.spec.base import LocalPath, SpecModel
from tests.unit.conftest import Diagnose, Examine, placed

pytestmark = pytest.mark.place


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """The path of a spec with some files beside it."""
    for name in ("rows.json", "data/a.json", "data/deep/b.json", "model/config.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"text": "good", "stars": 5}')
    return tmp_path / "x.yaml"


def with_files(minimal_spec: str, files: str) -> str:
    return minimal_spec.replace("type: hub, path: acme/reviews", f"type: json, files: {files}")


@pytest.mark.parametrize(
    "files",
    [
        "rows.json",
        "./data/../rows.json",
        "data/*.json",
        "data/**/b.json",
        "'[r]ows.json'",
        "[rows.json, data/a.json]",
        "{train: rows.json, test: [data/*.json]}",
    ],
)
def test_path_or_pattern_that_matches_is_sound(
    files: str, diagnose: Diagnose, minimal_spec: str, spec: Path
) -> None:
    assert diagnose(with_files(minimal_spec, files), path=spec) == []


@pytest.mark.parametrize(
    ("files", "places"),
    [
        ("row.json", ["3:31"]),
        ("data/*.csv", ["3:31"]),
        ("[rows.json, x.json, y.json]", ["3:43", "3:51"]),
        ("{train: rows.json, test: [x.json]}", ["3:57"]),
        ('"a\\0b.json"', ["3:31"]),
        ('"a\\0b/*.json"', ["3:31"]),
        ("x" * 300, ["3:31"]),
        ("x" * 300 + "/y.json", ["3:31"]),
        ("~nobody-of-that-name/x.json", ["3:31"]),
        ("rows.json/x.json", ["3:31"]),
    ],
)
def test_path_that_matches_nothing_is_reported_where_it_is_written(
    files: str, places: list[str], diagnose: Diagnose, minimal_spec: str, spec: Path
) -> None:
    findings = diagnose(with_files(minimal_spec, files), path=spec)
    assert findings == [f"{place} missing-file" for place in places]


def test_missing_file_suggests_a_neighbour(examine: Examine, minimal_spec: str, spec: Path) -> None:
    (finding,) = examine(with_files(minimal_spec, "rwos.json"), path=spec).diagnostics
    assert finding.headline == f'there is no file "{spec.parent / "rwos.json"}"'
    assert finding.helps == ('did you mean "rows.json"?',)


def test_pattern_without_a_match_says_so(examine: Examine, minimal_spec: str, spec: Path) -> None:
    (finding,) = examine(with_files(minimal_spec, "none/*.txt"), path=spec).diagnostics
    assert finding.headline == f'no file matches "{spec.parent / "none/*.txt"}"'
    assert finding.helps == ("a relative path starts from the folder of the file it is written in",)


def test_missing_file_of_a_nested_source_is_reported(
    diagnose: Diagnose, minimal_spec: str, spec: Path
) -> None:
    parts = "[{source: {type: json, files: rows.json}}, {source: {type: disk, path: gone}}]"
    text = minimal_spec.replace("type: hub, path: acme/reviews", f"type: mixture, sources: {parts}")
    assert diagnose(text, path=spec) == ["3:107 missing-file"]


@pytest.mark.parametrize(
    ("checkpoint", "findings"),
    [
        ("./model", []),
        ("acme/bert", []),
        ("model", []),  # a name on the Hub: local ones begin with a dot
        ("package:x/y", []),
        ("./gone", ["9:21 missing-file"]),
        ("~nobody-of-that-name/x", ["9:21 missing-file"]),
    ],
)
def test_local_checkpoint_of_the_model_must_exist(
    checkpoint: str, findings: list[str], diagnose: Diagnose, minimal_spec: str, spec: Path
) -> None:
    assert diagnose(minimal_spec.replace("acme/bert", checkpoint), path=spec) == findings


def test_local_checkpoint_of_the_tokenizer_must_exist(
    diagnose: Diagnose, minimal_spec: str, spec: Path
) -> None:
    assert diagnose(minimal_spec + "tokenizer: {checkpoint: ./model}\n", path=spec) == []
    assert diagnose(minimal_spec + "tokenizer: {checkpoint: ./gone}\n", path=spec) == [
        "11:25 missing-file"
    ]


def test_path_from_the_environment_shows_as_it_was_written(
    examine: Examine, minimal_spec: str, spec: Path
) -> None:
    text = with_files(minimal_spec, "'${env:FOLDER}/x.json'")
    (finding,) = examine(text, path=spec, environment={"FOLDER": "hunter2secret"}).diagnostics
    assert placed(finding) == "3:31 missing-file"
    assert finding.headline == f'there is no file "{spec.parent}/${{env:FOLDER}}/x.json"'


def test_output_folder_need_not_exist(diagnose: Diagnose, minimal_spec: str, spec: Path) -> None:
    assert diagnose(minimal_spec + "output: {dir: gone}\n", path=spec) == []


class Part(SpecModel):
    file: Annotated[str, LocalPath(must_exist=True)]


class ListedConfig(TaskConfig):
    words: Annotated[str, LocalPath(must_exist=True)] | None = None
    target: Annotated[str, LocalPath()] = "gone"
    parts: list[Part] = Field(default=[])

    @property
    def predictions(self) -> frozenset[Prediction]:
        return frozenset({"loss"})


def test_file_of_a_task_of_a_plugin_must_exist_wherever_it_is_marked(
    diagnose: Diagnose, registry: Registry, minimal_spec: str, spec: Path
) -> None:
    record = TaskComponent(
        name="listed",
        summary="",
        config=ListedConfig,
        factory="a:b",
        fields=(TaskField(name="text", summary=""), TaskField(name="label", summary="")),
        auto_model="AutoModel",
    )
    added = {("task", "listed"): Registered(record, Plugin(name="p"))}
    wider = Registry({**registry.components, **added}, registry.plugins)
    task = "{type: listed, words: w, target: t, parts: [{file: rows.json}, {file: f}]}"
    text = minimal_spec.replace("text-classification", task)
    assert diagnose(text, path=spec, registry=wider) == ["10:29 missing-file", "10:77 missing-file"]
