"""The folder that the paths of a spec may not leave: ``root`` in ``[tool.ftspec]``, and the
variable ``FTSPEC_ROOT``.

Why: a pull request of a stranger may name any file of the machine that checks it, and findings
quote what they are about.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ftspec.files import FileSearch, TooManyFilesError

VARIABLE = "FTSPEC_ROOT"
"""The variable with a folder that confines every spec, also one whose pyproject.toml says
otherwise."""

_MOST_ENTRIES = 100_000
_MENTIONS_FTSPEC = re.compile(r"""(?m)tool["'\s.]*ftspec|^\s*\[\s*["']?tool["']?\s*\]|^\s*tool\b""")
_OUTSIDE = "is outside of the root of this project"
_LEADS_OUTSIDE = "leads outside of the root of this project, through a symbolic link"


@dataclass(frozen=True)
class Confinement:
    """The folders that all paths of a spec must be in; without any, every path is allowed."""

    folders: tuple[Path, ...] = ()

    def problem(self, path: str | Path, *, is_read: bool = True) -> str | None:
        """Why a path or pattern is not allowed, as the end of a sentence. Of what is read, looks at
        all files that a pattern finds, and at all links in a folder. Reads no file."""
        if not self.folders:
            return None
        try:
            return self._problem(str(path)) or (self._links_of(str(path)) if is_read else None)
        except TooManyFilesError:
            return (
                f"covers more than {_MOST_ENTRIES:,} files, too many to see whether all are inside "
                "of the root"
            )
        except (OSError, ValueError, RecursionError):  # no path can be like this
            return _OUTSIDE

    def problem_of_name(self, written: str) -> str | None:
        """As ``problem``, of a name that a library may take for a path: absolute, with "..", or of
        something in the current folder."""
        if not self.folders:
            return None
        name = re.sub(r"^file:/*", "/", written)
        parts = re.split(r"[/\\]", name.removeprefix("package:"))
        try:
            is_path = name.startswith(("/", "~")) or ".." in parts or os.path.lexists(name)
            if not is_path:
                return None
            if written.startswith("package:"):
                return _OUTSIDE
            return self.problem(Path(name).expanduser().absolute())
        except (OSError, ValueError, RuntimeError):
            return _OUTSIDE

    def _problem(self, path: str) -> str | None:
        if not self._has(os.path.normpath(path)):
            return _OUTSIDE
        if not self._has(os.path.realpath(path)):
            return _LEADS_OUTSIDE
        return None

    def _links_of(self, path: str) -> str | None:
        found = [path]
        if glob.has_magic(path):
            found += FileSearch(_MOST_ENTRIES).find(path)
        if all(map(self._has_links_inside, found)):
            return None
        return _LEADS_OUTSIDE

    def _has_links_inside(self, path: str) -> bool:
        """Whether a path, and every link below it, leads inside."""
        if not self._has(os.path.realpath(path)):
            return False
        count = 0
        for folder, folders, files in os.walk(path):  # nothing for a file
            count += len(folders) + len(files)
            if count > _MOST_ENTRIES:
                raise TooManyFilesError
            for name in (*folders, *files):
                entry = Path(folder, name)
                if entry.is_symlink() and not self._has(os.path.realpath(entry)):
                    return False
        return True

    def _has(self, path: str) -> bool:
        return all(Path(path).is_relative_to(folder) for folder in self.folders)

    @property
    def helps(self) -> tuple[str, str]:
        """What to write instead, and what sets the root."""
        return (
            "write a path inside of the project, relative to the file that it is written in",
            f'"root" of [tool.ftspec] in pyproject.toml, or {VARIABLE}, confines paths',
        )


def confinement_of(folder: Path) -> Confinement:
    """The confinement of a spec in ``folder``. Every pyproject.toml above it counts, so that a file
    next to the spec cannot widen it."""
    above = Path(os.path.normpath(folder.absolute()))
    folders = [root for one in (above, *above.parents) if (root := _root_in(one)) is not None]
    given = os.environ.get(VARIABLE)
    if given:
        folders.append(Path(os.path.realpath(Path(given).expanduser())))
    return Confinement(tuple(dict.fromkeys(folders)))


@cache
def _root_in(folder: Path) -> Path | None:
    """The root that one pyproject.toml sets. One that is broken confines to its own folder, rather
    than to nothing."""
    table = ftspec_table(folder / "pyproject.toml")
    if table is None or "root" not in table:
        return None
    written = table["root"]
    root = folder / Path(written).expanduser() if isinstance(written, str) else folder
    return Path(os.path.realpath(root))


@cache
def ftspec_table(path: Path) -> Mapping[str, Any] | None:
    """``[tool.ftspec]`` of a pyproject.toml; ``None`` if it has none or cannot be read. One that is
    not valid and mentions a root sets a root that is no text."""
    try:
        if not path.is_file():
            return None
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if not mentions_ftspec(text):
        return None
    import tomllib  # takes 2 ms, and most projects have no configuration

    try:
        table = tomllib.loads(text).get("tool", {}).get("ftspec")
    except (tomllib.TOMLDecodeError, AttributeError, RecursionError):
        return {"root": None} if "root" in text else None
    return table if isinstance(table, dict) else None


def mentions_ftspec(text: str) -> bool:
    """Whether a pyproject.toml may have a table for ftspec."""
    return "ftspec" in text and _MENTIONS_FTSPEC.search(text) is not None
