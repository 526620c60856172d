"""Third-party plugins as pip installs them: a module and a dist-info folder on ``sys.path``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Install = Callable[..., None]

GOOD = """
from ftspec.api import ComponentConfig, SourceComponent, hookimpl

@hookimpl
def ftspec_register_sources():
    return [
        SourceComponent(
            name="{name}", summary="x", config=ComponentConfig, factory="somewhere:Source"
        )
    ]
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a distribution ``dist-<name>`` 1.2 with the plugin ``<name>``: this code."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)

    def install_plugin(
        name: str,
        code: str,
        *,
        entry: str | None = None,
        plugin: str | None = None,
        requires: tuple[str, ...] = (),
        bare: bool = False,
    ) -> None:
        module = f"testplugin_{name.replace('-', '_')}"
        (folder / f"{module}.py").write_text(code)
        info = folder / f"dist_{name.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        (info / "entry_points.txt").write_text(f"[ftspec]\n{plugin or name} = {entry or module}\n")
        if not bare:
            needed = "".join(f"Requires-Dist: {one}\n" for one in requires)
            (info / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: dist-{name}\nVersion: 1.2\n{needed}"
            )

    yield install_plugin
    for module in set(sys.modules) - before:
        if module.startswith("testplugin_"):
            del sys.modules[module]
