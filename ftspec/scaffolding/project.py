"""The files of a new plugin, from the templates next to this module."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template

from ftspec import __version__

KINDS = ("callback", "metric", "source", "task", "tokenizer", "transform")

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_SUFFIX = ".tmpl"
_SUMMARIES = {
    "callback": "Stops a run whose loss diverges",
    "metric": "Accuracy as the mean over the classes",
    "source": "The docstrings of an installed Python package",
    "task": "Predicts masked words",
    "tokenizer": "A token for each character",
    "transform": "Cleans up the text of a column",
}


def is_plugin_name(name: str) -> bool:
    """Whether a plugin and its component can have this name: kebab-case, starting with a letter."""
    return _NAME.fullmatch(name) is not None


def distribution_of(name: str) -> str:
    """The name of the distribution, which is also the name of the new folder."""
    return f"ftspec-{name}"


def new_project(name: str, kind: str) -> dict[str, str]:
    """The text of each file of a new plugin, by its path in the project.

    ``name`` is kebab-case, ``kind`` one of :data:`KINDS`.
    """
    words = {
        "name": name,
        "kind": kind,
        "distribution": distribution_of(name),
        "module": distribution_of(name).replace("-", "_"),
        "result": name.replace("-", "_"),
        "title": "".join(part.capitalize() for part in name.split("-")),
        "summary": _SUMMARIES[kind],
        "version": __version__,
    }
    templates = files("ftspec.scaffolding") / "templates"
    written = dict(_fill(templates / kind, words))
    words["spec"] = written[f"specs/{name}.yaml"]
    return dict(sorted({**dict(_fill(templates / "common", words)), **written}.items()))


def _fill(
    folder: Traversable, words: Mapping[str, str], within: str = ""
) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        name = entry.name
        for word in ("module", "name"):
            name = name.replace(f"__{word}__", words[word])
        if entry.is_dir():
            yield from _fill(entry, words, f"{within}{name}/")
        elif name.endswith(_SUFFIX):
            name = name.removesuffix(_SUFFIX)
            name = ".gitignore" if name == "gitignore" else name
            text = Template(entry.read_text(encoding="utf-8")).substitute(words)
            yield f"{within}{name}", text
