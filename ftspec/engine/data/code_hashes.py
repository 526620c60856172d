"""The code that prepares rows: a changed line of a source, transform or task may change rows."""

from __future__ import annotations

import hashlib
import importlib.util
import platform
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from ftspec import __version__
from ftspec.hookspecs import PROJECT
from ftspec.planning.plan import PlannedComponent

# the parts of ftspec that rows pass through, in addition to its top-level modules
_PARTS = (
    "builtin/**/*.py",
    "engine/components/*.py",
    "engine/data/*.py",
    "engine/model/checkpoint.py",
    "engine/model/length_limits.py",
    "spec/**/*.py",
)

PACKAGES = (
    "datasets",
    "numpy",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "sentencepiece",
    "tokenizers",
    "transformers",
)
"""The libraries that rows pass through."""


def versions() -> dict[str, str | None]:
    """The versions of Python and of the libraries that rows pass through."""
    return {
        "python": ".".join(platform.python_version_tuple()[:2]),
        **{name: version_of(name) for name in PACKAGES},
    }


def version_of(distribution: str) -> str | None:
    """The installed version of a distribution; ``None`` if it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def code_of(planned: PlannedComponent) -> dict[str, Any]:
    """The version of the plugin that has a component and the hash of its source; the same of the
    components inside it; and the versions of the packages that it requires."""
    package = planned.component.factory.partition(":")[0].partition(".")[0]
    code: dict[str, Any] = {
        "version": _version_of_plugin(planned.plugin),
        "source": hash_of_source(package),
    }
    if planned.component.requires:
        code["needs"] = {name: _version_of_module(name) for name in planned.component.requires}
    if planned.children:
        code["inside"] = [code_of(child) for child in planned.children.values()]
    return code


@cache
def hash_of_source(package: str) -> str | None:
    """The SHA-256 of every Python file of a package; ``None`` if there are none to read."""
    try:
        found = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    if found is None:
        return None
    if found.submodule_search_locations is None:
        return _hash_of([Path(found.origin)]) if found.origin is not None else None
    folders = [Path(location) for location in found.submodule_search_locations]
    patterns = ["**/*.py"]
    if package == "ftspec":
        patterns = ["*.py", *_PARTS]
    return _hash_of(
        [
            path
            for folder in folders
            for pattern in patterns
            for path in sorted(folder.glob(pattern))
        ]
    )


def _hash_of(paths: list[Path]) -> str | None:
    digest = hashlib.sha256()
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError:
            continue
        digest.update(f"{path.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest() if paths else None


def _version_of_plugin(name: str) -> str | None:
    for point in metadata.entry_points(group=PROJECT):
        if point.name == name and point.dist is not None:
            return point.dist.version
    return __version__ if name.partition(".")[0] == "ftspec" else None


def _version_of_module(module: str) -> str | None:
    distributions = _distributions().get(module.partition(".")[0], ())
    return next((version_of(name) for name in distributions), None)


@cache
def _distributions() -> Mapping[str, list[str]]:
    """The distributions that have each module. Slow: it reads the file lists of all of them."""
    return metadata.packages_distributions()
