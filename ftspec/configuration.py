"""``[tool.ftspec]`` of pyproject.toml: the severity of findings in this project, and its root."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from ftspec.checks import CHECK_SLUGS
from ftspec.confinement import mentions_ftspec
from ftspec.diagnostics.model import Diagnostic, Severity, labelled
from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.span import Position, SourceText, Span, whole_line

OFF = "off"
_KEYS = ("root", "severity")
_SETTABLE = CHECK_SLUGS | {"idle-profile", "unused-ignore"}
_LEVELS = (*(severity.value for severity in Severity), OFF)


@dataclass(frozen=True)
class Configuration:
    """The settings of a project for findings.

    Attributes:
        severities: the severity, or ``off``, by slug.
        problems: findings about the configuration itself.
    """

    severities: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Diagnostic, ...] = ()

    def apply(self, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
        """The findings with the severities of the project, without those that are off."""
        applied = []
        for diagnostic in diagnostics:
            level = self.severities.get(diagnostic.slug, diagnostic.severity.value)
            if level != OFF:
                applied.append(replace(diagnostic, severity=Severity(level)))
        return applied


def configuration_for(source: SourceText) -> Configuration:
    """The configuration from the nearest pyproject.toml above a spec that has one."""
    folder = source.folder
    for parent in (folder, *folder.parents):
        found = _read(parent)
        if found is not None:
            return found
    return Configuration()


@cache
def _read(folder: Path) -> Configuration | None:
    """The configuration in one folder; ``None`` if pyproject.toml does not mention ftspec."""
    path = folder / "pyproject.toml"
    if not path.is_file():
        return None
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if not mentions_ftspec(text):
        return None
    import tomllib  # takes 2 ms, and most projects have no configuration

    source = SourceText(str(path), text, path)
    try:
        table = tomllib.loads(text).get("tool", {}).get("ftspec")
    except tomllib.TOMLDecodeError as error:
        problem = _problem(f"not valid TOML: {error}", whole_line(source))
        return Configuration(problems=(problem,))
    return _validate(table, source) if isinstance(table, dict) else None


def _validate(table: Mapping[str, Any], source: SourceText) -> Configuration:
    problems = [
        _problem(f'unknown key "{key}" in tool.ftspec', _place_of(key, source), one_of(_KEYS))
        for key in table
        if key not in _KEYS
    ]
    problems += _root_problems(table, source)
    severities: dict[str, str] = {}
    given = table.get("severity", {})
    if not isinstance(given, dict):
        place = _place_of("severity", source)
        return Configuration({}, (*problems, _problem("severity must be a table", place)))
    for slug, level in given.items():
        place = _place_of(slug, source)
        if slug not in _SETTABLE and "/" not in slug:
            # the severity of errors in the language cannot change: there is no plan with them
            problems.append(
                _problem(f'no check has the slug "{slug}"', place, *did_you_mean(slug, _SETTABLE))
            )
        elif level not in _LEVELS:
            problems.append(_problem(f'"{level}" is not a severity', place, one_of(_LEVELS)))
        else:
            severities[slug] = level
    return Configuration(severities, tuple(problems))


def _root_problems(table: Mapping[str, Any], source: SourceText) -> Iterator[Diagnostic]:
    if "root" not in table:
        return
    root, place = table["root"], _place_of("root", source)
    if not isinstance(root, str):
        yield _problem("root must be the path of a folder", place, 'write root = "."')
    elif not (source.folder / Path(root).expanduser()).is_dir():
        yield _problem(f'there is no folder "{root}"', place, 'write root = "."')


def _place_of(key: str, source: SourceText) -> Span:
    """The place of a key, found by its name: Python's TOML parser gives no places."""
    pattern = re.compile(rf"(?<![\w-])[\"']?{re.escape(key)}[\"']?\s*[=\]]")
    for number, line in enumerate(source.lines):
        match = pattern.search(line)
        if match is not None:
            start = line.index(key, match.start())
            return Span(source, Position(number, start), Position(number, start + len(key)))
    return whole_line(source)


def _problem(headline: str, span: Span, *helps: str) -> Diagnostic:
    return Diagnostic(
        slug="bad-configuration", headline=headline, labels=labelled(span), helps=helps
    )
