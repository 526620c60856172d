"""`ftspec plugins`: what is installed, and what of it is broken."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import ftspec
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
    assert kinds == ["callbacks", "metrics", "sources", "tasks", "tokenizers", "transforms"]
    tasks = dict(line.split(maxsplit=1) for line in blocks[4].splitlines()[1:])
    assert tasks["translation"] == "a text to another language"


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
