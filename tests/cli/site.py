"""Plugins as `pip install` leaves them, in a folder for PYTHONPATH."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import own_environment


def install_plugin(folder: Path, name: str, source: str, version: str = "1.0") -> dict[str, str]:
    """Write the module and metadata of a plugin; returns an environment that includes it."""
    metadata = folder / f"{name}-{version}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8"
    )
    (metadata / "entry_points.txt").write_text(f"[ftspec]\n{name} = {name}\n", encoding="utf-8")
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
    return own_environment(PYTHONPATH=str(folder))
