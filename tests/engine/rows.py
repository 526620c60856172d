"""Rows of real text for every task: WordNet's definitions and the topics of Python's help."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.hub import prose


def glosses(count: int, split: str = "train") -> list[dict[str, Any]]:
    """Definitions with an answer for every problem of text classification.

    ``topic`` is one label, ``traits`` any number of labels, ``words`` a number; ``next`` is a
    second text, ``agree`` whether both are of one topic.
    """
    rows = prose.glosses(split)[: count + 1]
    return [
        {
            "text": row["text"],
            "topic": row["label"],
            "traits": _traits(row["text"]),
            "words": len(row["text"].split()) / 10,
            "next": following["text"],
            "agree": "yes" if row["label"] == following["label"] else "no",
        }
        for row, following in pairwise(rows)
    ]


def summaries(count: int) -> list[dict[str, Any]]:
    """Paragraphs of unequal length with their first sentence."""
    pairs = []
    for text in _paragraphs():
        first, stop, rest = text.partition(". ")
        if stop and len(rest.split()) > 10:
            pairs.append({"document": rest, "summary": f"{first}."})
    return pairs[:count]


def paragraphs(count: int) -> list[dict[str, Any]]:
    """Paragraphs of unequal length."""
    return [{"text": text} for text in _paragraphs()[:count]]


def write_rows(file: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """The rows as JSON lines."""
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def _paragraphs() -> list[str]:
    blocks = [block for topic in prose.python_topics() for block in topic]
    return [text for kind, text in blocks if kind == "paragraph" and len(text.split()) > 5]


def _traits(text: str) -> list[str]:
    traits = {
        "long": len(text.split()) > 12,
        "several parts": ";" in text,
        "of something": " of " in text,
        "with an article": text.startswith(("a ", "an ", "the ")),
    }
    return [name for name, is_so in traits.items() if is_so]
