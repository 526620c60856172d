"""The README: it names every component, and its specs have no findings. Relative paths in them are
relative to the project's ``specs/``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ftspec.diagnostics.model import Severity
from ftspec.linting import lint
from ftspec.span import SourceText
from ftspec.testing.check import Check, require
from ftspec.testing.subject import Subject

_SPEC = re.compile(r"^```yaml\n(ftspec:.*?)^```", re.MULTILINE | re.DOTALL)


def readme_checks(subject: Subject) -> Iterator[Check]:
    """Checks that the README.md names each component in backquotes, and its specs lint clean."""
    path = subject.project / "README.md" if subject.project is not None else None
    if path is None:
        return

    def names_components() -> None:
        require(path.is_file(), "the project has no README.md")
        text = path.read_text(encoding="utf-8")
        unnamed = [one.name for one in subject.components if f"`{one.name}`" not in text]
        require(not unnamed, f"it does not name {', '.join(unnamed)} in backquotes")
        require(_SPEC.search(text), 'it shows no spec: a block "```yaml" that begins "ftspec: 1"')

    def specs_lint_clean() -> None:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        beside = path.parent / "specs" / path.name
        found = [
            f"the spec at line {line}: {one}"
            for match in _SPEC.finditer(text)
            for line in [text.count("\n", 0, match.start(1)) + 1]
            for one in lint(SourceText(path.name, match[1], beside), subject.registry)
            if one.severity is not Severity.INFO
        ]
        require(not found, "\n".join(found))

    yield Check("README names every component", path.name, names_components)
    yield Check("specs in the README lint clean", path.name, specs_lint_clean)
