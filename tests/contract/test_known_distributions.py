"""The table of known distributions matches the packages in plugins/."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ftspec.linting import examine
from ftspec.registry.discover import build_registry
from ftspec.registry.known_distributions import KNOWN_DISTRIBUTIONS
from ftspec.span import SourceText
from tests.cli.command import ROOT, own_environment

PROJECTS = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
BUILTINS = build_registry(with_entry_points=False)

# the records of a module that is not installed, as its hooks give them
PROBE = """
import importlib, json, sys
from ftspec.hookspecs import REGISTER_HOOKS
module = importlib.import_module(sys.argv[1])
hooks = [getattr(module, name) for name in REGISTER_HOOKS if hasattr(module, name)]
print(json.dumps([[record.kind, record.name] for hook in hooks for record in hook()]))
"""


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_package_offers_what_the_table_says(project: Path) -> None:
    metadata = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    modules = list(metadata["entry-points"]["ftspec"].values())
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *modules],
        env=own_environment(PYTHONPATH=str(project / "src"), PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    offered = {tuple(pair) for pair in json.loads(done.stdout)}
    in_table = set(KNOWN_DISTRIBUTIONS.get(metadata["name"], ()))
    assert in_table == offered, "bring ftspec/registry/known_distributions.py up to date"


def test_no_component_is_in_the_table_twice_or_built_in() -> None:
    pairs = [pair for components in KNOWN_DISTRIBUTIONS.values() for pair in components]
    assert len(set(pairs)) == len(pairs)
    assert not set(pairs) & set(BUILTINS.components)


@pytest.mark.parametrize(
    ("distribution", "kind", "name"),
    [(one, kind, name) for one, has in KNOWN_DISTRIBUTIONS.items() for kind, name in has],
)
def test_spec_that_needs_it_is_told_which_package_to_install(
    distribution: str, kind: str, name: str
) -> None:
    override = {
        "adapter": f"model.adapter={name}",
        "metric": f"metrics=[{name}]",
        "source": f"data.source={name}",
        "task": f"task={name}",
        "transform": f"preprocess.transforms=[{name}]",
    }[kind]
    text = (ROOT / "specs" / "quickstart.yaml").read_text(encoding="utf-8")
    found = examine(SourceText("spec.yaml", text), BUILTINS, overrides=[override]).diagnostics
    (finding,) = [one for one in found if one.slug == "unknown-type"]
    assert finding.headline == f'no {kind} "{name}" is installed'
    assert finding.helps == (f"install the package that has it: pip install {distribution}",)
