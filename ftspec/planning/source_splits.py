"""The splits of a source, as far as its config and the names of files show them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from ftspec.planning.local_columns import file_format_of
from ftspec.planning.plan import PlannedComponent
from ftspec.spec.data import Split, Splits

_NAMES = ("train", "validation", "test")
_WITHOUT_NAMES = ["train"]


def known_splits(source: PlannedComponent) -> list[str] | None:
    """The names of all splits; ``None`` if only the run finds them."""
    if file_format_of(source) is not None:
        files = getattr(source.config, "files", None)
        return list(files) if isinstance(files, Mapping) else _WITHOUT_NAMES
    if source.type == "disk":
        return _splits_on_disk(Path(str(getattr(source.config, "path", ""))))
    if source.type == "mixture":
        parts = [known_splits(part) for part in source.children.values()]
        known = [names for names in parts if names is not None]
        if not known or len(known) < len(parts):
            return None
        return [name for name in known[0] if all(name in names for names in known)]
    return None


def splits_named(names: Collection[str]) -> Splits:
    """The splits of a spec that names none: those of the source called train, validation and test.
    Without the first, there is nothing to train on, which is for a check or the run to say."""
    found = {name: Split(slice=name) for name in _NAMES if name in names}
    return Splits(**found)


def _splits_on_disk(folder: Path) -> list[str] | None:
    try:
        described = json.loads((folder / "dataset_dict.json").read_text(encoding="utf-8"))
        return [str(name) for name in described["splits"]]
    except (OSError, ValueError, KeyError, TypeError):
        return _WITHOUT_NAMES if (folder / "state.json").is_file() else None
