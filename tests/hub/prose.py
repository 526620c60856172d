"""Real text for the repositories of the test Hub: committed extracts, the standard library."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TEXT = Path(__file__).parent / "text"
SPEC_DATA = Path(__file__).parents[2] / "specs" / "data"
UNDERLINE = re.compile(r"[*=~\-^\"]{3,}")
MIN_DOCUMENT_WORDS = 25
MAX_DOCUMENT_WORDS = 400


def bangla_pairs() -> list[dict[str, str]]:
    """Sentences as {"en", "bn"}, see tests/hub/text/README.md."""
    return _rows(TEXT / "bangla.jsonl")


def english_french_pairs() -> list[dict[str, str]]:
    """Sentences as {"en", "fr"}, see tests/hub/text/README.md."""
    return _rows(TEXT / "english_french.jsonl")


def glosses(split: str) -> list[dict[str, str]]:
    """WordNet's word definitions as {"text", "label"}, the label being a topic."""
    return _rows(SPEC_DATA / "wordnet_topics" / f"{split}.jsonl")


@cache
def docstrings(count: int) -> list[tuple[str, str]]:
    """(document, summary) pairs: body and first paragraph of standard-library docstrings."""
    pairs: dict[str, str] = {}
    for file in sorted(Path(ast.__file__).parent.glob("[a-z]*.py")):
        for docstring in _docstrings_of(file):
            summary, _, body = docstring.partition("\n\n")
            document = " ".join(body.split())
            if MIN_DOCUMENT_WORDS <= len(document.split()) <= MAX_DOCUMENT_WORDS:
                pairs.setdefault(document, " ".join(summary.split()))
        if len(pairs) >= count:
            return list(pairs.items())[:count]
    raise ValueError(f"the standard library has only {len(pairs)} usable docstrings")


def python_topics() -> Iterator[list[tuple[str, str]]]:
    """The language reference, a topic at a time, as ("heading" or "paragraph", text) pairs."""
    for file in sorted((SPEC_DATA / "python_topics").glob("*.txt")):
        yield list(_blocks(file.read_text(encoding="utf-8")))


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.split("\n")
        if len(lines) == 2 and UNDERLINE.fullmatch(lines[1]):
            yield "heading", lines[0]
        else:
            yield "paragraph", " ".join(block.split())


def _docstrings_of(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False)
            if docstring is not None:
                yield inspect.cleandoc(docstring)


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
