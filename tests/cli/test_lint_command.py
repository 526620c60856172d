"""`ftspec lint`: its input, its output formats, and when it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli import specs
from tests.cli.command import SPECS, Done, assert_no_traceback
from tests.cli.light import ftspec
from tests.cli.site import install_plugin

pytestmark = pytest.mark.place

BROKEN, PLACE = specs.unmarked(
    specs.changed(specs.CLASSIFIER, [("max_steps: 1", f"{specs.MARK}max_step: 1")])
)
SLUG = "unknown-key"
HEADLINE = 'unknown key "max_step" in training'
HELP = 'did you mean "max_steps"?'


@pytest.fixture
def folder(small_spec: Path) -> Path:
    """A folder with a valid spec, a broken one, and YAML files that are not specs."""
    parent = small_spec.parent
    (parent / "broken.yaml").write_text(BROKEN, encoding="utf-8")
    (parent / "deeper").mkdir()
    (parent / "deeper" / "broken.yml").write_text(BROKEN, encoding="utf-8")
    (parent / "compose.yaml").write_text("services: {web: {image: nginx}}\n", encoding="utf-8")
    (parent / "notes.txt").write_text("ftspec: 1\nnonsense\n", encoding="utf-8")
    return parent


def lint(folder: Path, *arguments: str | Path, stdin: str | bytes | None = None) -> Done:
    done = ftspec("lint", *arguments, cwd=folder, stdin=stdin)
    assert_no_traceback(done)
    return done


def test_sound_spec(small_spec: Path) -> None:
    done = lint(small_spec.parent, small_spec.name)
    assert (done.code, done.out) == (0, "")
    assert done.err == "1 spec: no problems found\n"


def test_every_spec_of_the_repository_is_sound() -> None:
    done = ftspec("lint", "specs")
    assert (done.code, done.out) == (0, ""), done.said
    count = len(list(SPECS.glob("*.yaml")))
    assert done.err == f"{count} specs: no problems found\n"


def test_text_shows_place_excerpt_and_help(folder: Path) -> None:
    done = lint(folder, "broken.yaml")
    assert done.code == 1
    number = PLACE.partition(":")[0]
    assert done.out == (
        f"error[{SLUG}]: {HEADLINE}\n"
        f"  --> broken.yaml:{PLACE}\n"
        "   |\n"
        f"{number} | training: {{max_step: 1}}\n"
        "   |            ^^^^^^^^\n"
        f"   = help: {HELP}\n"
    )
    assert done.err == "1 error in 1 spec\n"


def test_concise_is_a_line_for_each_finding(folder: Path) -> None:
    done = lint(folder, "broken.yaml", "--format", "concise")
    assert done.code == 1
    assert done.out == f"broken.yaml:{PLACE}: error[{SLUG}]: {HEADLINE}\n"


def test_json_is_an_array_of_findings(folder: Path) -> None:
    done = lint(folder, "broken.yaml", "--format", "json")
    assert done.code == 1
    [finding] = json.loads(done.out)
    line, column = map(int, PLACE.split(":"))
    assert finding["slug"] == SLUG
    assert finding["severity"] == "error"
    assert finding["headline"] == HEADLINE
    assert finding["helps"] == [HELP]
    [label] = finding["labels"]
    assert (label["file"], label["line"], label["column"]) == ("broken.yaml", line, column)
    assert (label["end_line"], label["end_column"]) == (line, column + len("max_step"))
    assert finding["fix"]["replacement"] == "max_steps"


@pytest.mark.parametrize("format_name", ["text", "concise", "json"])
def test_sound_spec_in_every_format(small_spec: Path, format_name: str) -> None:
    done = lint(small_spec.parent, small_spec.name, "--format", format_name)
    assert done.code == 0
    assert done.out == ("[]\n" if format_name == "json" else "")


def test_unknown_format_is_wrong_usage(small_spec: Path) -> None:
    done = lint(small_spec.parent, small_spec.name, "--format", "html")
    assert done.code == 2
    assert '"html"' in done.err.replace("'", '"')
    assert "concise" in done.err


def test_standard_input(small_spec: Path) -> None:
    done = lint(small_spec.parent, "-", stdin=specs.CLASSIFIER)
    assert done.code == 0, done.said
    done = lint(small_spec.parent, "-", "--format", "concise", stdin=BROKEN)
    assert done.code == 1
    assert done.out == f"<stdin>:{PLACE}: error[{SLUG}]: {HEADLINE}\n"


def test_standard_input_that_is_not_utf_8(tmp_path: Path) -> None:
    done = lint(tmp_path, "-", stdin=b"ftspec: 1\nname: \xff\n")
    assert done.code == 1
    assert "error[not-utf8]" in done.out
    assert "line 2" in done.out


def test_relative_paths_of_standard_input_start_here(tmp_path: Path) -> None:
    done = lint(tmp_path, "-", "--format", "concise", stdin=specs.CLASSIFIER)
    assert done.code == 1
    assert done.out.count("error[missing-file]") == 2


def test_folder_stands_for_the_specs_in_it(folder: Path) -> None:
    done = lint(folder, ".", "--format", "concise")
    assert done.code == 1
    assert done.out.splitlines() == [
        f"broken.yaml:{PLACE}: error[{SLUG}]: {HEADLINE}",
        f"deeper/broken.yml:{PLACE}: error[{SLUG}]: {HEADLINE}",
        *[line for line in done.out.splitlines() if "missing-file" in line],
    ]
    assert "in 3 specs" in done.err


def test_folder_without_specs(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {}\n", encoding="utf-8")
    done = lint(tmp_path, ".")
    assert (done.code, done.out) == (2, "")
    assert done.err == 'error: no spec in "."; a spec has the key "ftspec"\n'


def test_broken_file_does_not_hide_the_others(folder: Path) -> None:
    (folder / "second.yaml").write_text(BROKEN, encoding="utf-8")
    (folder / "syntax.yaml").write_text("ftspec: 1\nname: [\n", encoding="utf-8")
    done = lint(
        folder, "small.yaml", "syntax.yaml", "broken.yaml", "second.yaml", "--format", "concise"
    )
    assert done.code == 1
    first, second, third = done.out.splitlines()
    assert first.startswith("syntax.yaml:3:1: error[yaml-syntax]: ")
    assert second.startswith("broken.yaml:")
    assert third.startswith("second.yaml:")
    assert done.err == "3 errors in 4 specs\n"


def test_missing_file_does_not_hide_the_others(folder: Path) -> None:
    done = lint(folder, "smal.yaml", "broken.yaml")
    assert done.code == 1
    assert 'error[missing-file]: there is no file "smal.yaml"' in done.out
    assert 'help: did you mean "small.yaml"?' in done.out
    assert f"broken.yaml:{PLACE}" in done.out
    assert done.err == "2 errors in 2 specs\n"


def test_all_errors_of_a_file_at_once(tmp_path: Path, data_folder: Path) -> None:
    spec = specs.changed(
        specs.CLASSIFIER,
        [
            ("max_steps: 1", "max_step: 1"),
            ("task: text-classification", "task: text-clasification"),
            ("max_length: 32", "max_length: many"),
            ("type: json", "type: jsn"),
        ],
    )
    (data_folder / "many.yaml").write_text(spec, encoding="utf-8")
    done = lint(data_folder, "many.yaml", "--format", "concise")
    assert done.code == 1
    found = [line.split(" ")[1] for line in done.out.splitlines()]
    assert found == [
        "error[unknown-type]:",
        "error[wrong-type]:",
        "error[unknown-type]:",
        "error[unknown-key]:",
    ]


def test_profiles_are_checked_too(small_spec: Path) -> None:
    profile = "profiles:\n  smoke:\n    training: {max_steps: two}\n"
    small_spec.write_text(specs.CLASSIFIER + profile, encoding="utf-8")
    done = lint(small_spec.parent, small_spec.name, "--format", "concise")
    assert done.code == 1
    line = specs.CLASSIFIER.count("\n") + 3
    assert done.out.startswith(f"small.yaml:{line}:27: error[wrong-type]: ")


def test_overrides_apply(small_spec: Path) -> None:
    done = lint(small_spec.parent, small_spec.name, "--set", "training.max_steps=many")
    assert done.code == 1
    assert "--> --set training.max_steps=many:1:20" in done.out


def test_warnings_do_not_fail(small_spec: Path, tmp_path: Path) -> None:
    env = install_plugin(tmp_path / "site", "sad", "raise ImportError('no tears left')\n")
    done = ftspec("lint", small_spec, env=env)
    assert done.code == 0, done.said
    assert 'warning[plugin-import]: the plugin "sad" (sad 1.0) cannot be imported' in done.out
    assert "no tears left" in done.out
    assert done.err == "1 warning in 1 spec\n"
