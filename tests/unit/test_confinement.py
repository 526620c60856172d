"""``root`` in ``[tool.ftspec]``: no path of a spec leads outside, and nothing of a file outside is
shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ftspec.diagnostics.model import Collector, Diagnostic
from ftspec.diagnostics.render import RENDERERS
from ftspec.linting import examine, lint
from ftspec.registry.discover import build_registry
from ftspec.span import SourceText

REGISTRY = build_registry(with_entry_points=False)
SECRET = "hunter2-of-a-stranger"  # in every file outside
SOUND = """\
ftspec: 1
data:
  source: {source}
  splits: {{train: train, validation: {{from: train, fraction: 0.1}}}}
preprocess:
  template: {{text: "{{text}}", label: "{{label}}"}}
model: {{checkpoint: {checkpoint}, revision: v1}}
task: text-classification
{more}
"""

Linted = Callable[..., list[Diagnostic]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a root, next to files of a stranger."""
    outside, project = tmp_path / "outside", tmp_path / "project"
    (outside / "model").mkdir(parents=True)
    for name in ("rows.jsonl", "broken.yaml", "model/config.json", "settings.json", "rows.csv"):
        (outside / name).write_text(f"{SECRET}: [\n")
    (outside / "base.yaml").write_text(f"{SECRET}: 1\n")
    (project / "specs" / "data").mkdir(parents=True)
    (project / "specs" / "data" / "rows.jsonl").write_text(
        "".join(json.dumps({"text": f"a {n}", "label": "ab"[n % 2]}) + "\n" for n in range(20))
    )
    (project / "pyproject.toml").write_text('[tool.ftspec]\nroot = "."\n')
    monkeypatch.chdir(project)
    monkeypatch.delenv("FTSPEC_ROOT", raising=False)
    return project


def spec(
    project: Path,
    *,
    source: str = "{type: json, files: data/rows.jsonl}",
    checkpoint: str = "google-bert/bert-base-uncased",
    more: str = "",
) -> SourceText:
    text = SOUND.format(source=source, checkpoint=checkpoint, more=more)
    path = project / "specs" / "spec.yaml"
    path.write_text(text)
    return SourceText("specs/spec.yaml", text, path)


def refused(source: SourceText, column: str, says: str = "is outside of the root") -> None:
    """Lint and the run find the path, and show nothing else of what is outside."""
    found = lint(source, REGISTRY)
    assert [one.slug for one in found if one.slug == "outside-root"] == ["outside-root"], found
    [finding] = [one for one in found if one.slug == "outside-root"]
    assert str(finding.span) == f"specs/spec.yaml:{column}"
    assert says in finding.headline
    assert finding.helps
    for render in RENDERERS.values():
        assert SECRET not in render(found)
    assert not examine(source, REGISTRY).is_sound


def test_inside_nothing_is_found(project: Path) -> None:
    (project / "base.yaml").write_text("seed: 3\n")
    (project / "specs" / "link.jsonl").symlink_to("data/rows.jsonl")
    for files in ("data/rows.jsonl", "data/*.jsonl", "link.jsonl", "../specs/data/rows.jsonl"):
        source = spec(
            project, source=f'{{type: json, files: "{files}"}}', more="extends: ../base.yaml"
        )
        assert lint(source, REGISTRY) == ()
        assert examine(source, REGISTRY).is_sound


@pytest.mark.parametrize("name", ["../../outside/base.yaml", "{out}/base.yaml", "{out}/none.yaml"])
def test_extends(name: str, project: Path) -> None:
    name = name.format(out=project.parent / "outside")
    refused(spec(project, more=f"extends: {name}"), "9:10")
    assert "there is no file" not in str(lint(spec(project, more=f"extends: {name}"), REGISTRY))


def test_extends_of_a_base_and_through_a_link(project: Path) -> None:
    (project / "specs" / "link.yaml").symlink_to("../../outside/broken.yaml")
    refused(spec(project, more="extends: link.yaml"), "9:10", "through a symbolic link")
    (project / "specs" / "base.yaml").write_text("extends: ../../outside/broken.yaml\n")
    found = lint(spec(project, more="extends: base.yaml"), REGISTRY)
    assert [(one.slug, str(one.span)) for one in found] == [
        ("outside-root", "specs/base.yaml:1:10")
    ]


@pytest.mark.parametrize(
    ("source", "column"),
    [
        ("{type: json, files: ../../outside/rows.jsonl}", "3:31"),
        ('{type: csv, files: {train: "../../outside/*.csv"}}', "3:38"),
        ("{type: text, files: [data/rows.jsonl, /etc/passwd]}", "3:49"),
        ("{type: text, files: ~/.bashrc}", "3:31"),
        ("{type: text, files: ~nobody-like-this/.bashrc/../../../../../x}", "3:31"),
        ("{type: disk, path: ../../outside/model}", "3:30"),
        ("{type: hub, path: ../../outside, revision: v1}", "3:29"),
        ("{type: hub, path: a/b, revision: v1, data_files: /etc/passwd}", "3:60"),
        ("{type: hub, path: a/b, revision: v1, data_files: [file:///etc/passwd]}", "3:61"),
        ("{type: hub, path: a/b, revision: v1, data_dir: a/../../b}", "3:58"),
        (
            "{type: mixture, sources: [{source: {type: json, files: data/rows.jsonl}}, "
            "{source: {type: json, files: /etc/passwd}}]}",
            "3:114",
        ),
    ],
)
def test_sources(source: str, column: str, project: Path) -> None:
    refused(spec(project, source=source), column)


@pytest.mark.parametrize(
    "files", ["link.jsonl", "data/*.jsonl", "linked/rows.jsonl", "**/rows.jsonl", "linked/*"]
)
def test_links(files: str, project: Path) -> None:
    for link, target in (
        ("link.jsonl", "rows.jsonl"),
        ("data/link.jsonl", "rows.jsonl"),
        ("linked", ""),
    ):
        (project / "specs" / link).symlink_to(project.parent / "outside" / target)
    source = spec(project, source=f'{{type: json, files: "{files}"}}')
    refused(source, "3:31", "through a symbolic link")


def test_checkpoints_and_settings(project: Path) -> None:
    refused(spec(project, checkpoint="../../outside/model"), "7:21")
    refused(spec(project, checkpoint="package:transformers/../../x"), "7:21")
    refused(spec(project, more="tokenizer: {checkpoint: /outside/model}"), "9:25")
    refused(spec(project, more="training: {deepspeed: ../../outside/settings.json}"), "9:23")
    refused(spec(project, more="output: {dir: ../../outside/runs}"), "9:15")
    model = project / "specs" / "model"
    model.mkdir()
    (model / "config.json").symlink_to("../../../outside/model/config.json")
    refused(spec(project, checkpoint="./model"), "7:21", "through a symbolic link")
    (project / "acme").mkdir()
    (project / "acme" / "model").symlink_to(project.parent / "outside" / "model")
    refused(spec(project, checkpoint="acme/model"), "7:21", "through a symbolic link")


def test_path_from_the_environment_is_not_shown(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROWS", f"/{SECRET}/rows.jsonl")
    refused(spec(project, source='{type: json, files: "${env:ROWS}"}'), "3:31")


def test_profiles_and_overrides(project: Path) -> None:
    more = "profiles: {p: {data: {source: {files: /etc/passwd}}}}"
    verdict = examine(spec(project, more=more), REGISTRY, profile="p")
    assert [str(one.span) for one in verdict.diagnostics] == ["specs/spec.yaml:9:39"]
    assert not verdict.is_sound
    found = lint(spec(project), REGISTRY, overrides=["data.source.files=/etc/passwd"])
    assert [one.slug for one in found] == ["outside-root"]


@pytest.mark.parametrize(
    "nearer", ['[tool.ftspec]\nroot = "/"\n', "[tool.ftspec]\n", "[tool.other]\n", "[tool.ftspec"]
)
def test_nearer_file_does_not_widen(nearer: str, project: Path) -> None:
    (project / "specs" / "pyproject.toml").write_text(nearer)
    found = lint(spec(project, source="{type: json, files: /etc/passwd}"), REGISTRY)
    assert "outside-root" in [one.slug for one in found]


@pytest.mark.parametrize(
    "pyproject",
    [
        '[tool]\nftspec = {root = "."}\n',
        'tool.ftspec.root = "."\n',
        '[tool."ftspec"]\nroot = "."\n',
        "[ tool . ftspec ]\nroot = 3\n",
        '[tool.ftspec]\nroot = "."\n[broken\n',
    ],
)
def test_every_way_to_write_it(pyproject: str, project: Path) -> None:
    (project / "pyproject.toml").write_text(pyproject)
    found = lint(spec(project, source="{type: json, files: /etc/passwd}"), REGISTRY)
    assert "outside-root" in [one.slug for one in found]


def test_variable_confines_without_a_pyproject(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "pyproject.toml").unlink()
    source = spec(project, source="{type: text, files: /etc/passwd}")
    assert "outside-root" not in [one.slug for one in lint(source, REGISTRY)]
    monkeypatch.setenv("FTSPEC_ROOT", str(project))
    refused(source, "3:31")


def test_spec_that_is_a_link_is_not_read(project: Path) -> None:
    from ftspec.cli.inputs.spec_files import read_spec

    (project / "specs" / "link.yaml").symlink_to("../../outside/broken.yaml")
    found = Collector()
    assert read_spec("specs/link.yaml", found) is None
    assert [one.slug for one in found] == ["outside-root"]
    assert read_spec("specs/../specs/link.yaml", found) is None


@pytest.mark.parametrize(("root", "says"), [("3", "must be the path"), ('"nope"', "no folder")])
def test_bad_root_is_a_finding(root: str, says: str, project: Path) -> None:
    (project / "pyproject.toml").write_text(f"[tool.ftspec]\nroot = {root}\n")
    [problem] = [one for one in lint(spec(project), REGISTRY) if one.slug == "bad-configuration"]
    assert says in problem.headline
    assert str(problem.span).endswith("pyproject.toml:2:1")
