"""New plugins: names, and complete files."""

from __future__ import annotations

import ast
import tomllib

import pytest
import yaml

from ftspec.scaffolding.project import KINDS, is_plugin_name, new_project


@pytest.mark.parametrize("name", ["a", "fill-mask", "t5-2"])
def test_names(name: str) -> None:
    assert is_plugin_name(name)


@pytest.mark.parametrize("name", ["", "A", "fill_mask", "-a", "a-", "5t", "a--b", "a/b", "a\n"])
def test_bad_names(name: str) -> None:
    assert not is_plugin_name(name)


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_is_whole(kind: str) -> None:
    files = new_project("fill-mask", kind)
    assert {"README.md", "pyproject.toml", "tests/test_conformance.py"} <= set(files)
    for path, text in files.items():
        assert "__" not in path.replace("__init__", ""), path
        assert "$" not in text, path
        if path.endswith(".py"):
            ast.parse(text)
        if path.endswith(".yaml"):
            yaml.safe_load(text)
    metadata = tomllib.loads(files["pyproject.toml"])
    assert metadata["project"]["name"] == "ftspec-fill-mask"
    assert metadata["project"]["entry-points"]["ftspec"] == {"fill-mask": "ftspec_fill_mask.plugin"}
    assert files["specs/fill-mask.yaml"] in files["README.md"]


def test_kinds_are_those_with_templates() -> None:
    assert len({new_project("x", kind)["src/ftspec_x/plugin.py"] for kind in KINDS}) == len(KINDS)
