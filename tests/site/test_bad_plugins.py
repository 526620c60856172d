"""Deliberately bad plugins, installed as by pip, and discovered in separate processes.

Each folder here is one installed distribution. Whatever is wrong with it, a spec that needs nothing
of it lints clean, and a spec that needs it is told of both facts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.command import SPECS, Done, assert_no_traceback, ftspec, own_environment

SITE = Path(__file__).parent
SOUND = SPECS / "quickstart.yaml"


@dataclass(frozen=True)
class Bad:
    """A bad plugin: what discovery says of it, and the transform that a spec wants from it."""

    name: str
    slug: str
    headline: str
    transform: str
    help: str = ""

    @property
    def said(self) -> str:
        return f'the plugin "{self.name}" ({self.name} 1.0) {self.headline}'


LEFT_OUT = (
    Bad(
        "bad-record",
        "plugin-record",
        'returned a bad record from "ftspec_register_transforms": the factory of "early" must be '
        '"package.module:attribute"',
        "early",
    ),
    Bad(
        "broken-import",
        "plugin-import",
        "cannot be imported: ModuleNotFoundError: No module named 'no_such_package' "
        "(broken_import.settings:3)",
        "anything",
    ),
    Bad(
        "duplicate-name",
        "plugin-conflict",
        'has the source "jsonl", which the plugin "ftspec.builtin.plugin" (ftspec ',
        "rightful",
    ),
    Bad(
        "raising-hook",
        "plugin-hooks",
        'raised in "ftspec_register_transforms": OSError: the list of further ones is gone '
        "(raising_hook:14)",
        "first",
    ),
    Bad(
        "typo-hook",
        "plugin-hooks",
        'implements "ftspec_register_tranforms", which is not a hook',
        "misspelt",
        help='did you mean "ftspec_register_transforms"?',
    ),
    Bad(
        "unmarked-hook",
        "plugin-hooks",
        'defines "ftspec_register_transforms" without @hookimpl',
        "unmarked",
    ),
    Bad(
        "wrong-argument",
        "plugin-hooks",
        'takes "config" in "ftspec_register_transforms", which gets nothing',
        "greedy",
    ),
)
IN_FORCE = (
    Bad(
        "heavy-import",
        "plugin-heavy-import",
        'imports "numpy", which makes lint slow',
        "heavy",
        help="heavy_import.plugin:4 -> heavy_import.config:4 -> heavy_import.limits:3 -> numpy",
    ),
    Bad(
        "noisy-import",
        "plugin-output",
        'prints when it is imported: "[noisy] thank you for installing noisy"',
        "noisy",
    ),
)
SILENT = ("hostile-schema", "raising-task")


def with_plugins(*names: str, **more: str) -> dict[str, str]:
    """The environment of a command that finds these plugins."""
    folders = ":".join(str(SITE / name) for name in names)
    return own_environment(PYTHONPATH=folders, PYTHONDONTWRITEBYTECODE="1", **more)


def lint(*names: str, transform: str | None = None, **more: str) -> Done:
    """Lint a sound spec, or one that needs a transform, with these plugins installed."""
    needs = f"preprocess.transforms=[{{type: {transform}, column: text}}]"
    arguments = ("--set", needs) if transform is not None else ()
    done = ftspec("lint", SOUND, "--format", "json", *arguments, env=with_plugins(*names, **more))
    assert_no_traceback(done)
    return done


def test_every_folder_is_tried() -> None:
    folders = {path.parent.name for path in SITE.glob("*/*.dist-info")}
    assert folders == {*(one.name for one in (*LEFT_OUT, *IN_FORCE)), *SILENT, "raising-check"}


@pytest.mark.parametrize("bad", [*LEFT_OUT, *IN_FORCE], ids=lambda bad: bad.name)
def test_spec_that_needs_nothing_of_it_is_sound(bad: Bad) -> None:
    done = lint(bad.name)
    assert done.code == 0, done.said
    [finding] = json.loads(done.out)
    assert (finding["slug"], finding["severity"]) == (bad.slug, "warning")
    assert finding["headline"].startswith(bad.said)
    assert finding["labels"] == []
    assert finding["helps"][0] == bad.help or not bad.help
    assert finding["helps"][-1] == f'report it to its authors, or "pip uninstall {bad.name}"'


@pytest.mark.parametrize("bad", LEFT_OUT, ids=lambda bad: bad.name)
def test_spec_that_needs_it_is_told_what_is_missing_and_why(bad: Bad) -> None:
    done = lint(bad.name, transform=bad.transform)
    assert done.code == 1, done.said
    problem, missing = json.loads(done.out)
    assert problem["headline"].startswith(bad.said)
    assert (missing["slug"], missing["severity"]) == ("unknown-type", "error")
    assert missing["headline"] == f'no transform "{bad.transform}" is installed'
    assert f"a broken plugin may have it: {problem['headline']}" in missing["helps"]


@pytest.mark.parametrize("bad", IN_FORCE, ids=lambda bad: bad.name)
def test_sound_part_of_a_plugin_stays_in_force(bad: Bad) -> None:
    done = ftspec(
        "lint",
        SOUND,
        "--set",
        f"preprocess.transforms=[{bad.transform}]",
        env=with_plugins(bad.name),
    )
    assert done.code == 0, done.said
    assert "1 warning in 1 spec" in done.err


@pytest.mark.parametrize("bad", [*LEFT_OUT, *IN_FORCE], ids=lambda bad: bad.name)
def test_plugins_commands_tell_it(bad: Bad) -> None:
    env = with_plugins(bad.name)
    state = "broken" if bad in LEFT_OUT else "active"
    listed = json.loads(ftspec("plugins", "list", "--format", "json", env=env).out)[1]
    assert (listed["name"], listed["state"]) == (bad.name, state)
    assert listed["problems"][0].startswith(bad.said)
    shown = ftspec("plugins", "show", bad.name, env=env)
    assert (shown.code, shown.err) == (0, ""), shown.said
    assert f"\n  state   {state}\n" in shown.out
    assert f"warning[{bad.slug}]: {bad.said}" in shown.out
    checked = ftspec("plugins", "check", bad.name, env=env)
    assert checked.code == 1, checked.said
    assert f"warning[{bad.slug}]: {bad.said}" in checked.out


@pytest.mark.parametrize("bad", LEFT_OUT[:1], ids=lambda bad: bad.name)
def test_disabled_plugin_is_not_looked_at_and_a_spec_that_needs_it_is_told(bad: Bad) -> None:
    assert lint(bad.name, FTSPEC_DISABLE_PLUGINS=bad.name).out == "[]\n"
    [missing] = json.loads(lint(bad.name, transform="early", FTSPEC_DISABLE_PLUGINS="1").out)
    assert missing["helps"][-1] == (
        f'the plugin "{bad.name}" ({bad.name} 1.0) may have it, and is disabled by '
        "FTSPEC_DISABLE_PLUGINS"
    )
    done = ftspec("plan", SOUND, "--no-plugins", "--set", "task=early", env=with_plugins(bad.name))
    assert done.code == 1, done.said
    assert "may have it, and is disabled by --no-plugins" in done.err


@pytest.mark.parametrize("command", [("plan",), ("explain", "seed"), ("schema",)], ids=" ".join)
def test_other_commands_warn_on_standard_error_alone(command: tuple[str, ...]) -> None:
    name, *rest = command
    arguments = (name, *([SOUND] if name != "schema" else []), *rest)
    done = ftspec(*arguments, env=with_plugins("noisy-import"))
    assert done.code == 0, done.said
    assert "[noisy]" not in done.out
    assert done.err.startswith("warning[plugin-output]: ")
    assert ftspec(*arguments, "--no-plugins", env=with_plugins("noisy-import")).err == ""


# Faults that show only in use


@pytest.mark.parametrize("name", SILENT)
def test_plugin_that_nobody_uses_costs_nothing(name: str) -> None:
    done = lint(name)
    assert (done.code, done.out) == (0, "[]\n"), done.said


@pytest.mark.parametrize(
    ("transform", "raised"),
    [
        ("unbuildable", "PydanticSchemaGenerationError: Unable to generate pydantic-core schema"),
        ("forgetful", "PydanticUndefinedAnnotation: name 'NotImported' is not defined"),
        ("raising", "RuntimeError: no such shelf: text (hostile_schema:34)"),
        ("leaving", "SystemExit: 0 (hostile_schema:45)"),
    ],
)
def test_config_that_raises_is_an_error_of_the_plugin(transform: str, raised: str) -> None:
    done = lint("hostile-schema", transform=transform)
    assert done.code == 1, done.said
    [finding] = json.loads(done.out)
    assert (finding["slug"], finding["severity"]) == ("plugin-config", "error")
    start = f'the config of the transform "{transform}" raised: {raised}'
    assert finding["headline"].startswith(start)
    assert "\n" not in finding["headline"]
    assert "For further information" not in finding["headline"]
    assert finding["labels"][0]["column"] == 31
    assert finding["helps"] == [
        'this is a bug in the plugin "hostile-schema" (hostile-schema 1.0), not in the spec'
    ]


def test_hostile_config_is_no_end_to_the_other_commands() -> None:
    env = with_plugins("hostile-schema")
    schema = ftspec("schema", env=env)
    assert (schema.code, schema.err) == (0, ""), schema.said
    assert json.loads(schema.out)["$defs"]["transform.raising"]["properties"]["column"]
    shown = ftspec("plugins", "show", "transform/unbuildable", env=env)
    assert shown.code == 0, shown.said
    assert "its keys cannot be shown: PydanticSchemaGenerationError: " in shown.out
    checked = ftspec("plugins", "check", "hostile-schema", env=env)
    assert checked.code == 1, checked.said
    assert_no_traceback(checked)
    assert "failed   config survives JSON: transform unbuildable: raised Pyd" in checked.out


def test_task_that_raises_spoils_its_own_spec_and_no_other(tmp_path: Path) -> None:
    text = SOUND.read_text(encoding="utf-8")
    needing = tmp_path / "needing.yaml"
    needing.write_text(text.replace("task: text-classification", "task: undecided"))
    done = ftspec("lint", needing, SOUND, "--format", "json", env=with_plugins("raising-task"))
    assert done.code == 1, done.said
    [finding] = json.loads(done.out)
    assert finding["slug"] == "plugin-config"
    assert finding["headline"] == (
        'a config of the plugin "raising-task" (raising-task 1.0) raised: '
        "LookupError: ask again later (raising_task:15)"
    )
    assert finding["labels"][0]["file"] == str(needing)
    assert "1 error in 2 specs" in done.err


def test_task_whose_keys_cannot_be_described_gets_no_starter_spec() -> None:
    done = ftspec("init", "opaque", "--output", "-", env=with_plugins("raising-task"))
    assert (done.code, done.out) == (1, ""), done.said
    plugin = '"raising-task" (raising-task 1.0)'
    start = f"error: the plugin {plugin} cannot describe its keys: PydanticSchemaGenerationError: "
    assert done.err.startswith(start)


def test_check_that_raises_keeps_what_it_found_under_its_own_name() -> None:
    done = lint("raising-check")
    assert done.code == 0, done.said
    slug, raised, finding = json.loads(done.out)
    plugin = 'the plugin "raising-check" (raising-check 1.0)'
    assert slug["headline"] == (
        f'{plugin} gave a finding the slug "unknown-key", which is not "raising-check/<kebab-case>"'
    )
    assert raised["headline"] == (
        f"{plugin} raised in \"ftspec_check_plan\": KeyError: 'almanac' (raising_check:14)"
    )
    assert {slug["slug"], raised["slug"]} == {"plugin-hooks"}
    assert finding["slug"] == "raising-check/unknown-key"
    assert finding["headline"].endswith("brings bad luck")


# All of them at once


def test_all_of_them_installed_at_once() -> None:
    every = sorted(path.parent.name for path in SITE.glob("*/*.dist-info"))
    done = lint(*every)
    assert done.code == 0, done.said
    headlines = [finding["headline"] for finding in json.loads(done.out)]
    for bad in (*LEFT_OUT, *IN_FORCE):
        assert sum(headline.startswith(bad.said) for headline in headlines) == 1, bad.name
    done = ftspec("lint", SOUND, "--set", "preprocess.transforms=[noisy]", env=with_plugins(*every))
    assert done.code == 0, done.said


def test_trace_names_the_hooks_and_what_they_gave() -> None:
    done = lint("noisy-import", "typo-hook", FTSPEC_TRACE_PLUGINS="1")
    assert done.code == 0, done.said
    assert json.loads(done.out)
    lines = [line for line in done.err.splitlines() if line.startswith("plugins: ")]
    noisy = '"noisy-import" (noisy-import 1.0)'
    assert f"plugins: {noisy} ftspec_register_transforms gives generator" in lines
    assert f"plugins: {noisy} ftspec_check_plan gives 0 values" in lines
    assert any(line.startswith(f"plugins: {noisy} imports noisy_import in ") for line in lines)
