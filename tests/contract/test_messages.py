"""Messages have one form: a kebab-case slug, and a lower-case sentence without a final period."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# names that always start with a capital letter
NAMES = ("CSV", "JSON", "Parquet", "Python", "YAML")


@dataclass(frozen=True)
class Message:
    """A message in the source: its place, its slug if it is written there, and its parts."""

    place: str
    slug: str | None
    start: str | None
    end: str | None

    def __str__(self) -> str:
        return self.place


def literal(node: ast.expr | None, last: bool) -> str | None:
    """The first or the last literal part of a text; ``None`` where a value stands there."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr) and node.values:
        return literal(node.values[-1 if last else 0], last)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return literal(node.right if last else node.left, last)
    return None


def argument(call: ast.Call, position: int, *names: str) -> ast.expr | None:
    """An argument by its place or by one of its names."""
    for keyword in call.keywords:
        if keyword.arg in names:
            return keyword.value
    return call.args[position] if position < len(call.args) else None


def messages_in(path: Path) -> Iterator[Message]:
    """``RunError(headline, slug=…)``, ``Diagnostic(slug=…, headline=…)``, ``found.error(slug,
    headline, …)`` and ``PydanticCustomError(slug, headline)``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value).endswith("logger"):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else None
        called = node.func.id if isinstance(node.func, ast.Name) else called
        if called in ("error", "warning", "info", "PydanticCustomError") and len(node.args) >= 2:
            slug, headline = node.args[0], node.args[1]
        elif any(keyword.arg == "slug" for keyword in node.keywords):
            slug_or_none, headline_or_none = (
                argument(node, 99, "slug"),
                argument(node, 0, "headline"),
            )
            assert slug_or_none is not None
            if headline_or_none is None:
                continue
            slug, headline = slug_or_none, headline_or_none
        else:
            continue
        written = slug.value if isinstance(slug, ast.Constant) else None
        yield Message(
            place=f"{path.relative_to(ROOT)}:{node.lineno}",
            slug=written if isinstance(written, str) else None,
            start=literal(headline, last=False),
            end=literal(headline, last=True),
        )


MESSAGES = [
    message for path in sorted((ROOT / "ftspec").rglob("*.py")) for message in messages_in(path)
]


def test_they_are_found() -> None:
    places = " ".join(message.place for message in MESSAGES)
    assert len(MESSAGES) > 100
    for part in ("builtin/sources", "engine/data/splits", "document/load", "checks/", "spec/data"):
        assert f"ftspec/{part}" in places


@pytest.mark.parametrize("message", MESSAGES, ids=str)
def test_form(message: Message) -> None:
    if message.slug is not None:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", message.slug)
    if message.start is not None:
        assert message.start[:1] != " "
        assert not message.start[:1].isupper() or message.start.startswith(NAMES), message.start
    if message.end is not None:
        assert not message.end.endswith((".", " ", "!")), message.end
        assert "\n" not in message.end
