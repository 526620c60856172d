"""What made a run: versions, revisions, seeds and the machine."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from ftspec.report.numbers import shown_cell
from ftspec.report.run_files import RunFiles
from ftspec.report.tables import Column, Table, shortened

_PLAIN = ("ftspec", "python", "platform", "device", "processes", "precision", "attention")


def version_tables(files: RunFiles) -> list[Table]:
    """The run, and its packages."""
    lock = files.lock
    tables = []
    made = [(key, shortened(value)) for key, value in _made_by(lock) if value]
    if made:
        tables.append(Table("The run", (Column("what"), Column("value")), made))
    packages = [*_mapping(lock, "packages").items()]
    rows = [(str(name), shown_cell(version)) for name, version in packages if version]
    rows += [
        (f"{name} (plugin)", shown_cell(one.get("version")))
        for name, one in _mapping(lock, "plugins").items()
        if isinstance(one, dict)
    ]
    if rows:
        tables.append(Table("Packages", (Column("package"), Column("version")), rows))
    return tables


def _made_by(lock: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    command = lock.get("command")
    if isinstance(command, list):
        yield "command", shlex.join(map(str, command))
    for key in _PLAIN:
        yield key, shown_cell(lock.get(key))
    for name, seed in _mapping(lock, "seeds").items():
        yield f"seed of the {name}", shown_cell(seed)
    for what in ("source", "model"):
        for key, value in _mapping(lock, what).items():
            if not isinstance(value, (dict, list)):
                yield f"{what} {key}", shown_cell(value)
    plan = lock.get("plan")
    yield "plan", str(plan)[:16] if plan else ""


def _mapping(lock: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = lock.get(key)
    return found if isinstance(found, dict) else {}
