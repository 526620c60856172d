"""Make four-choice questions from the words and definitions of ftspec's specs/data/wordnet_words.

    python make.py WORDNET_WORDS_DIR OUTPUT_DIR

The three wrong definitions of a word are those of other words of the same split, drawn by a seeded
hash, so the same input gives the same bytes on every machine.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

SEED = "0"
ROWS = {"train": 1000, "validation": 200, "test": 200}
CHOICES = 4


def rank(*parts: str) -> str:
    """A key to shuffle by."""
    return hashlib.sha256("\n".join([SEED, *parts]).encode()).hexdigest()


def main(source: Path, output: Path) -> None:
    for split, count in ROWS.items():
        lines = (source / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        pairs = {row["word"]: row["gloss"] for row in map(json.loads, lines)}
        text = ""
        for word in sorted(pairs, key=lambda word: rank("row", word))[:count]:
            others = sorted({*pairs} - {word}, key=lambda other: rank(word, other))
            chosen = sorted(
                [word, *others[: CHOICES - 1]], key=lambda one: rank("order", word, one)
            )
            row = {
                "word": word,
                "definitions": [pairs[one] for one in chosen],
                "answer": chosen.index(word),
            }
            text += json.dumps(row, ensure_ascii=False) + "\n"
        path = output / f"{split}.jsonl"
        path.write_bytes(text.encode())  # bytes, so that Windows writes no other line ends
        print(hashlib.sha256(path.read_bytes()).hexdigest(), path.name, text.count("\n"), "rows")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
