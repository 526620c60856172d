"""`ftspec plugins`: what is installed, and what is broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.light import ftspec
from tests.cli.site import install_plugin

SHOUT = """\
from ftspec.api import ComponentConfig, Field, TransformComponent, hookimpl


class ShoutConfig(ComponentConfig):
    column: str = Field(description="the column to put in upper case")


@hookimpl
def ftspec_register_transforms():
    yield TransformComponent(
        name="shout",
        summary="put a column in upper case",
        config=ShoutConfig,
        factory="shout:Shout",
    )
"""


def test_built_in_components_by_kind() -> None:
    done = ftspec("plugins")
    assert done.code == 0, done.said
    assert done.err == ""
    blocks = done.out.split("\n\n")
    assert blocks[0].splitlines()[:2][0] == "plugins"
    assert "  ftspec.builtin.plugin  ftspec " in blocks[0]
    kinds = [block.splitlines()[0] for block in blocks[1:]]
    assert kinds == [
        *("callbacks", "launchers", "metrics", "sources", "tasks", "tokenizers", "transforms")
    ]
    tasks = dict(line.split(maxsplit=1) for line in blocks[5].splitlines()[1:])
    assert tasks["translation"] == "a text in another language"


def test_plugin_is_listed_with_its_components(tmp_path: Path) -> None:
    done = ftspec("plugins", env=install_plugin(tmp_path, "shout", SHOUT))
    assert done.code == 0, done.said
    assert "  shout  shout 1.0\n" in done.out
    [line] = [line for line in done.out.splitlines() if line.startswith("  shout  ")][1:]
    assert " ".join(line.split()) == "shout put a column in upper case [shout]"


def test_broken_plugin_says_why(tmp_path: Path) -> None:
    done = ftspec("plugins", env=install_plugin(tmp_path, "sad", "raise ImportError('no')\n"))
    assert done.code == 0, done.said
    assert "sad  sad 1.0  broken: the plugin" in done.out
    assert "ImportError: no" in done.out
    assert "text-classification" in done.out


def test_list_for_programs(tmp_path: Path) -> None:
    install_plugin(tmp_path, "sad", "raise ImportError('no')\n")
    install_plugin(tmp_path, "off", "raise ImportError('never seen')\n")
    env = install_plugin(tmp_path, "shout", SHOUT) | {"FTSPEC_DISABLE_PLUGINS": "off"}
    for arguments in (("plugins", "--format", "json"), ("plugins", "list", "--format", "json")):
        done = ftspec(*arguments, env=env)
        assert (done.code, done.err) == (0, ""), done.said
        builtin, off, sad, shout = json.loads(done.out)
        assert (builtin["name"], builtin["state"]) == ("ftspec.builtin.plugin", "active")
        assert (off["state"], off["problems"], off["components"]) == ("disabled", [], [])
        assert (sad["state"], sad["hooks"]) == ("broken", [])
        assert sad["problems"] == [
            'the plugin "sad" (sad 1.0) cannot be imported: ImportError: no (sad:1)'
        ]
        assert shout == {
            "name": "shout",
            "distribution": "shout",
            "version": "1.0",
            "module": "shout",
            "state": "active",
            "problems": [],
            "hooks": ["ftspec_register_transforms"],
            "components": [
                {"kind": "transform", "name": "shout", "summary": "put a column in upper case"}
            ],
        }


def test_disabled_plugin_is_listed_as_such(tmp_path: Path) -> None:
    env = install_plugin(tmp_path, "shout", SHOUT) | {"FTSPEC_DISABLE_PLUGINS": "shout"}
    done = ftspec("plugins", "list", env=env)
    assert done.code == 0, done.said
    assert "  shout  shout 1.0  disabled by FTSPEC_DISABLE_PLUGINS\n" in done.out
    assert "upper case" not in done.out


# Showing one


def test_plugin_is_shown_with_what_it_offers(tmp_path: Path) -> None:
    done = ftspec("plugins", "show", "shout", env=install_plugin(tmp_path, "shout", SHOUT))
    assert (done.code, done.err) == (0, ""), done.said
    plugin, component = done.out.split("\n\ntransform shout\n")
    assert plugin.splitlines() == [
        "plugin shout",
        "  from    shout 1.0",
        "  module  shout",
        "  state   active",
        "  hooks   ftspec_register_transforms",
        "",
        "  transform shout  put a column in upper case",
    ]
    assert component.splitlines() == [
        "  put a column in upper case",
        '  plugin    "shout" (shout 1.0)',
        "  factory   shout:Shout",
        "",
        "keys",
        "  column: a string, required",
        "      the column to put in upper case",
    ]


def test_component_is_shown_by_kind_and_name_and_by_a_former_name() -> None:
    done = ftspec("plugins", "show", "metric/f1")
    assert done.code == 0, done.said
    assert done.out.startswith("metric f1\n  harmonic mean of precision and recall\n")
    assert '"macro" or "micro" or "weighted" or "binary", "macro" by default' in done.out
    assert ftspec("plugins", "show", "jsonl").out == ftspec("plugins", "show", "source/json").out


def test_task_is_shown_with_its_fields() -> None:
    done = ftspec("plugins", "show", "text-classification")
    assert done.code == 0, done.said
    assert "\n  text_pair (optional): " in done.out
    assert "\n  metrics   accuracy, f1, mse, pearson\n" in done.out


def test_what_a_component_requires_is_shown_with_how_to_get_it(tmp_path: Path) -> None:
    record = 'factory="shout:Shout",\n        requires=("click", "loud.speaker"),\n'
    record += '        install="pip install loud",'
    source = SHOUT.replace('factory="shout:Shout",', record)
    done = ftspec("plugins", "show", "shout", env=install_plugin(tmp_path, "shout", source))
    assert "  requires  click, loud.speaker (not installed: pip install loud)\n" in done.out


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("shuot", 'no plugin and no component "shuot" is installed; did you mean "shout"?'),
        ("zzzzzz", "list them with: ftspec plugins"),
        ("metric/json", 'no plugin and no component "metric/json" is installed'),
        ("lora", '"lora" is not installed; pip install ftspec-peft'),
        ("ftspec-peft", '"ftspec-peft" is not installed; pip install ftspec-peft'),
    ],
)
def test_unknown_name(name: str, says: str, tmp_path: Path) -> None:
    done = ftspec("plugins", "show", name, env=install_plugin(tmp_path, "shout", SHOUT))
    assert (done.code, done.out) == (2, ""), done.said
    assert done.err.startswith("error: ")
    assert says in done.err


# Checking


def test_sound_plugin_keeps_to_all_that_is_checked(tmp_path: Path) -> None:
    module = SHOUT + "\n\nclass Shout:\n    def apply(self, rows):\n        return rows\n"
    module = module.replace("class ShoutConfig(ComponentConfig):\n", CONFIG_HEAD)
    done = ftspec("plugins", "check", "shout", env=install_plugin(tmp_path, "shout", module))
    assert done.code == 0, done.said
    assert done.err == '"shout" (shout 1.0): all checks passed\n'
    lines = done.out.splitlines()
    assert "ok       imports nothing heavy: shout" in lines
    assert "ok       factory is there: transform shout" in lines
    assert all(line.startswith(("ok ", "skipped ")) for line in lines)


CONFIG_HEAD = 'class ShoutConfig(ComponentConfig):\n    """What to put in upper case."""\n\n'


def test_factory_that_is_not_there_fails_the_check(tmp_path: Path) -> None:
    done = ftspec("plugins", "check", "shout", env=install_plugin(tmp_path, "shout", SHOUT))
    assert done.code == 1, done.said
    assert (
        'failed   factory is there: transform shout: "shout:Shout" cannot be imported' in done.out
    )
    assert "failed\n" in done.err


def test_broken_plugin_fails_the_check_with_the_finding(tmp_path: Path) -> None:
    env = install_plugin(tmp_path, "sad", "raise ImportError('no')\n")
    done = ftspec("plugins", "check", "sad", env=env)
    assert done.code == 1, done.said
    assert done.out.startswith('warning[plugin-import]: the plugin "sad" (sad 1.0) cannot be')
    assert done.err == '"sad" (sad 1.0): 1 failed\n'


def test_check_of_a_plugin_that_is_absent_or_disabled(tmp_path: Path) -> None:
    env = install_plugin(tmp_path, "shout", SHOUT)
    done = ftspec("plugins", "check", "shuot", env=env)
    assert (done.code, done.out) == (2, ""), done.said
    assert done.err.endswith('no plugin "shuot" is installed; did you mean "shout"?\n')
    done = ftspec("plugins", "check", "shout", env=env | {"FTSPEC_DISABLE_PLUGINS": "all"})
    assert done.code == 2
    assert done.err.endswith("is disabled by FTSPEC_DISABLE_PLUGINS\n")


# Findings of plugins


def test_finding_of_a_plugin_can_be_ignored_and_is_explained_by_it(
    small_spec: Path, tmp_path: Path
) -> None:
    source = (
        "from ftspec.api import Diagnostic, hookimpl, labelled\n\n\n"
        "@hookimpl\n"
        "def ftspec_check_plan(plan, spans):\n"
        "    place = labelled(spans.span(('task',)))\n"
        "    yield Diagnostic(slug='house/no-tasks', headline='no tasks here', labels=place)\n"
    )
    env = install_plugin(tmp_path / "site", "house", source)
    done = ftspec("lint", small_spec, env=env)
    assert done.code == 1, done.said
    assert "error[house/no-tasks]: no tasks here" in done.out
    text = small_spec.read_text(encoding="utf-8")
    task = "task: text-classification"
    ignored = text.replace(task, f"{task}  # ftspec: ignore[house/no-tasks]")
    small_spec.write_text(ignored, encoding="utf-8")
    assert ftspec("lint", small_spec, env=env).code == 0
    done = ftspec("explain", "house/no-tasks", env=env)
    assert (done.code, done.out) == (2, ""), done.said
    assert 'is a finding of the plugin "house"' in done.err
