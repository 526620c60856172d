"""The front half imports nothing heavy: ``ftspec lint`` is for pre-commit hooks."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]

# imports each module in turn into an interpreter of its own state: what modules before it have
# imported is forgotten, so that each must import alone
PROBE = """
import importlib, json, sys

names, heavy, installed = json.loads(sys.stdin.read())
before = set(sys.modules)
# what the interpreter itself imports when it starts, such as the hooks of editable installs
installed = set(installed) - {module.partition(".")[0] for module in before}
found = {}
for name in names:
    for module in set(sys.modules) - before:
        if module.partition(".")[0] == "ftspec":
            del sys.modules[module]
    importlib.import_module(name)
    loaded = {module.partition(".")[0] for module in sys.modules}
    found[name] = sorted(loaded & (set(heavy) | installed))
print(json.dumps(found))
"""
LIGHT = {"_yaml", "annotated_types", "click", "ftspec", "pluggy", "pydantic", "pydantic_core"}
LIGHT |= {"typing_extensions", "typing_inspection", "yaml"}


def contract() -> tuple[list[str], list[str]]:
    """The modules of the front half and what they must not import, as import-linter has them."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (found,) = (
        one
        for one in config["tool"]["importlinter"]["contracts"]
        if one["name"] == "the front half imports nothing heavy"
    )
    return found["source_modules"], found["forbidden_modules"]


def modules_below(names: list[str]) -> list[str]:
    """The modules named and all inside them."""
    found = []
    for name in names:
        path = ROOT.joinpath(*name.split("."))
        files = [path.with_suffix(".py")] if not path.is_dir() else sorted(path.rglob("*.py"))
        for file in files:
            parts = file.relative_to(ROOT).with_suffix("").parts
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


def top_level_packages() -> list[str]:
    """Everything that is installed, except what ``pip install ftspec`` installs."""
    import importlib.metadata

    return sorted(importlib.metadata.packages_distributions().keys() - LIGHT)


def test_each_module_of_the_front_half_imports_alone_and_nothing_heavy() -> None:
    sources, heavy = contract()
    names = [*modules_below(sources), "ftspec", "ftspec.cli"]
    names += modules_below(["ftspec.errors", "ftspec.files", "ftspec.span"])
    assert len(names) > 50
    # not a set of "-c" code: the current folder must not be on the path
    found = subprocess.run(
        [sys.executable, "-c", PROBE],
        input=json.dumps([names, heavy, top_level_packages()]),
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert found.returncode == 0, found.stderr
    loaded = json.loads(found.stdout)
    assert set(loaded) == set(names)
    assert {name: modules for name, modules in loaded.items() if modules} == {}


def test_configs_of_built_ins_import_nothing_heavy() -> None:
    files = sorted((ROOT / "ftspec" / "builtin").glob("*/config.py"))
    assert [file.parent.name for file in files] == [
        *("callbacks", "launchers", "metrics", "sources", "tasks", "tokenizers", "transforms")
    ]
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    found = subprocess.run(
        [sys.executable, "-c", PROBE],
        input=json.dumps([names, contract()[1], top_level_packages()]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(map(tuple, json.loads(found.stdout).values())) == {()}
