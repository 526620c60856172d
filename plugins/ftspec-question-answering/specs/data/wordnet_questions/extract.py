"""Build a small extractive question-answering data set from the nouns of WordNet 3.0.

    python extract.py WORDNET_DIR OUTPUT_DIR

WORDNET_DIR holds WordNet's database files, of which only `data.noun` is read. A context is a page
of a dictionary; each row of the output is a question about it, in the form of SQuAD 2.0. The
questions are made by rule: what a word is, which of the words is a kind of something, and what a
word is that the page does not have. The same input gives the same bytes on every machine:
everything is chosen and ordered by a seeded hash.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

SEED = "0"

# WordNet's lexicographer files of animals, artifacts, body parts, food, plants and substances, as
# numbered in the manual page lexnames(5WN)
CATEGORIES = {"05", "06", "08", "13", "20", "27"}

# what "Which of these is …?" asks for: the word, as WordNet has it, and its category
KINDS = {
    "a bird": ("bird", "05"),
    "a fish": ("fish", "05"),
    "a snake": ("snake", "05"),
    "an insect": ("insect", "05"),
    "a mammal": ("mammal", "05"),
    "a weapon": ("weapon", "06"),
    "a vehicle": ("vehicle", "06"),
    "a garment": ("garment", "06"),
    "a building": ("building", "06"),
    "a medicine": ("medicine", "06"),
    "a piece of furniture": ("furniture", "06"),
    "a musical instrument": ("musical instrument", "06"),
    "a bone": ("bone", "08"),
    "a muscle": ("muscle", "08"),
    "a drink": ("beverage", "13"),
    "a bread": ("bread", "13"),
    "a tree": ("tree", "20"),
    "a shrub": ("shrub", "20"),
    "a herb": ("herb", "20"),
    "a fern": ("fern", "20"),
    "a mineral": ("mineral", "27"),
}

PAGES = {"test": 60, "validation": 60, "train": 320}
ENTRIES = 5
ENTRIES_OF_LONG = 16  # on every eighth page: more than one window

MIN_WORDS = 4
MAX_WORDS = 18

UNWELCOME = re.compile(
    r"\b(offensive|insult|slur|disparag|derogat|obscen|vulgar|slang|abuse|contempt|races?\b|negr"
    r"|sex|prostitut|genital|penis|vagina|vulva|clitor|testic|scrot|semen|copulat|contracep|anus"
    r"|anal\b|nazi|suicid|tortur|murder|strangl|executi|illegal|cocaine|heroin|marijuana)",
    re.IGNORECASE,
)


class Synset(NamedTuple):
    """One line of `data.noun`: a set of synonyms with a definition."""

    offset: str
    category: str
    names: list[str]
    broader: list[str]
    gloss: str


class Entry(NamedTuple):
    """A word of the dictionary; `kinds` are the phrases of KINDS that hold of it."""

    word: str
    gloss: str
    kinds: frozenset[str]


def read_synsets(path: Path) -> Iterator[Synset]:
    """Read lines in the format of wndb(5WN)."""
    with path.open(encoding="ascii") as lines:
        for line in lines:
            if line.startswith("  "):  # the licence at the top of the file is indented
                continue
            fields, _, gloss = line.partition(" | ")
            parts = fields.split()
            word_count = int(parts[3], 16)
            pointers = parts[4 + 2 * word_count + 1 :]
            yield Synset(
                offset=parts[0],
                category=parts[1],
                names=[name.replace("_", " ") for name in parts[4 : 4 + 2 * word_count : 2]],
                broader=[
                    target
                    for symbol, target in zip(pointers[::4], pointers[1::4], strict=False)
                    if symbol in ("@", "@i")
                ],
                # what follows the first semicolon are remarks and examples
                gloss=" ".join(gloss.partition(";")[0].split()),
            )


def ancestors(offset: str, synsets: Mapping[str, Synset]) -> set[str]:
    """The offsets of a synset and of everything broader."""
    found: set[str] = set()
    waiting = [offset]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += synsets[one].broader
    return found


def entries_of(synsets: Mapping[str, Synset]) -> list[Entry]:
    """The words with one meaning and a plain definition, in their seeded order."""
    narrower = Counter(up for offset in synsets for up in ancestors(offset, synsets))
    kinds: dict[str, str] = {}
    for phrase, (name, category) in KINDS.items():
        meant = [
            one.offset for one in synsets.values() if one.category == category and name in one.names
        ]
        kinds[max(meant, key=lambda offset: narrower[offset])] = phrase
    senses = Counter(name.lower() for one in synsets.values() for name in one.names)
    found = []
    for one in synsets.values():
        word, words = one.names[0], one.gloss.split()
        if (
            one.category in CATEGORIES
            and senses[word.lower()] == 1
            and re.fullmatch(r"[a-z]{3,}(?:[ -][a-z]{3,})?", word)
            and MIN_WORDS <= len(words) <= MAX_WORDS
            and re.fullmatch(r"[A-Za-z ,'-]+", one.gloss)
            and not UNWELCOME.search(f"{word} {one.gloss}")
        ):
            above = ancestors(one.offset, synsets)
            found.append(Entry(word, one.gloss, frozenset(kinds[at] for at in above & set(kinds))))
    return sorted(found, key=lambda entry: rank(entry.word, "choose"))


def pages_of(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Consecutive, and so disjoint, pieces of the dictionary, each in the order of its words. One
    word more belongs to each, last: the page does not have it."""
    remaining = iter(entries)
    number = 0
    while True:
        number += 1
        size = ENTRIES_OF_LONG if number % 8 == 0 else ENTRIES
        page = list(islice(remaining, size + 1))
        if len(page) <= size:
            return
        yield [*sorted(page[:-1]), page[-1]]


def rows_of(page: list[Entry]) -> Iterator[dict[str, Any]]:
    """The questions of one page."""
    *entries, absent = page
    context, starts = "", []
    for entry in entries:
        starts.append(len(context))
        context += f"{entry.word}: {entry.gloss}. "
    context = context.rstrip()

    def row(question: str, answer: str | None, start: int) -> dict[str, Any]:
        answers = {
            "text": [] if answer is None else [answer],
            "answer_start": [] if answer is None else [start],
        }
        return {
            "id": rank(context + question, "id")[:12],
            "question": question,
            "context": context,
            "answers": answers,
        }

    asked = sorted(range(len(entries)), key=lambda at: rank(entries[at].word, "ask"))
    for at in asked[:2]:
        entry = entries[at]
        yield row(f"What is {entry.word}?", entry.gloss, starts[at] + len(entry.word) + 2)
    counts = Counter(kind for entry in entries for kind in entry.kinds)
    only = sorted((kind for kind, count in counts.items() if count == 1), key=_rank_kind(context))
    for kind in only[:1]:
        at = next(at for at, entry in enumerate(entries) if kind in entry.kinds)
        yield row(f"Which of these is {kind}?", entries[at].word, starts[at])
    if absent.word not in context:
        yield row(f"What is {absent.word}?", None, -1)


def _rank_kind(context: str) -> Any:
    return lambda kind: rank(context + kind, "kind")


def rank(text: str, purpose: str) -> str:
    """A key to shuffle by; each purpose gives an order of its own."""
    return hashlib.sha256(f"{SEED}:{purpose}:{text}".encode()).hexdigest()


def write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Bytes, so that Windows writes no other line ends."""
    path.write_bytes("".join(json.dumps(row) + "\n" for row in rows).encode())


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wordnet_dir", type=Path, help="folder with WordNet's data.noun")
    parser.add_argument("output_dir", type=Path, help="folder for the .jsonl files")
    options = parser.parse_args()

    source: Path = options.wordnet_dir / "data.noun"
    print(f"{sha256(source)}  {source.name}")
    pages = pages_of(entries_of({one.offset: one for one in read_synsets(source)}))
    for name, count in PAGES.items():
        rows = [row for page in islice(pages, count) for row in rows_of(page)]
        path = options.output_dir / f"{name}.jsonl"
        write(path, sorted(rows, key=lambda row: row["id"]))
        print(f"{sha256(path)}  {path.name}  {len(rows)} rows")


if __name__ == "__main__":
    main()
