"""Build a small topic-classification data set from the noun glosses of WordNet 3.0.

    python extract.py WORDNET_DIR OUTPUT_DIR

WORDNET_DIR holds WordNet's database files, of which only `data.noun` is read. Each row of the
output is `{"text": gloss, "label": topic}`. The same input gives the same bytes on every machine:
rows are chosen and ordered by a seeded hash of their text, not by a random number generator.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

SEED = "0"

# Numbers of WordNet's lexicographer files, as listed in the manual page lexnames(5WN).
# These six were chosen because a reader can name the topic of almost every sentence in them.
TOPICS = {
    "05": "animal",
    "06": "artifact",
    "08": "body",
    "13": "food",
    "18": "person",
    "20": "plant",
}

ROWS_PER_TOPIC = {"test": 100, "validation": 100, "train": 400}

MIN_WORDS = 5
MAX_WORDS = 40

# "genus Canis", "family Canidae": their glosses are bare lists of names that nobody would type.
TAXON = re.compile(
    r"(sub|super|infra)?(kingdom|phylum|division|class|order|family|tribe|genus)_", re.IGNORECASE
)

# WordNet defines slurs, races, sexual terms and violence too, which a sample meant for first steps
# does without. This list is coarse on purpose: a few harmless glosses go with the others.
UNWELCOME = re.compile(
    r"\b(offensive|insult|slur|disparag|derogat|pejorat|obscen|vulgar|slang|abuse|contempt|hates"
    r"|races?\b|negr|caucas|mongol|jews?\b|(black|white) (wo)?m[ae]n\b|white parent"
    r"|sex|prostitut|whore|genital|penis|vagina|vulva|clitor|testic|scrot|masturbat|semen|bust\b"
    r"|copulat|intercourse|contracep|incest|porn|erotic|homosexual|lesbian|promiscu|rape\b|rapist"
    r"|nazi|suicid|tortur|terroris|murder|strangl|illegal drug|crack cocaine"
    r"|attractive young|flirt|to refer to)",
    re.IGNORECASE,
)


class Synset(NamedTuple):
    """One line of `data.noun`: a set of synonyms with a definition."""

    category: str
    words: list[str]
    pointers: list[str]
    gloss: str


def parse(line: str) -> Synset:
    """Read one line in the format of wndb(5WN)."""
    fields, _, gloss = line.partition(" | ")
    parts = fields.split()
    word_count = int(parts[3], 16)
    first_pointer = 4 + 2 * word_count + 1  # after the words and the number of pointers
    return Synset(
        category=parts[1],
        words=parts[4 : 4 + 2 * word_count : 2],
        pointers=parts[first_pointer::4],
        gloss=definition(gloss),
    )


def definition(gloss: str) -> str:
    """Drop the example sentences, which follow the definition as `; "example"`."""
    return " ".join(gloss.partition('; "')[0].split()).rstrip(" ;")


def read_synsets(path: Path) -> Iterator[Synset]:
    with path.open(encoding="ascii") as lines:
        for line in lines:
            if not line.startswith("  "):  # the licence at the top of the file is indented
                yield parse(line)


def is_suitable(synset: Synset) -> bool:
    gloss = synset.gloss
    return (
        MIN_WORDS <= len(gloss.split()) <= MAX_WORDS
        and '"' not in gloss  # an example that does not follow the usual form
        and gloss.count("(") == gloss.count(")")  # cut in the middle of a remark
        and "@i" not in synset.pointers  # one named individual, such as a painter or a racehorse
        and not any(TAXON.match(word) for word in synset.words)
        and not UNWELCOME.search(gloss)
    )


def loose(gloss: str) -> str:
    """What two glosses share if they differ only in case, punctuation, articles and numbers."""
    words = re.findall(r"[a-z]+", gloss.lower())
    return " ".join(word for word in words if word not in {"a", "an", "the"})


def rank(gloss: str, purpose: str) -> str:
    """A key to shuffle by; each purpose gives an order of its own."""
    return hashlib.sha256(f"{SEED}:{purpose}:{gloss}".encode()).hexdigest()


def candidates(synsets: Iterable[Synset]) -> dict[str, list[str]]:
    """The usable glosses of each topic in their seeded order, no two of them alike."""
    categories: defaultdict[str, set[str]] = defaultdict(set)
    usable: defaultdict[str, set[str]] = defaultdict(set)
    for synset in synsets:
        categories[loose(synset.gloss)].add(synset.category)
        if synset.category in TOPICS and is_suitable(synset):
            usable[synset.category].add(synset.gloss)

    chosen: dict[str, list[str]] = {}
    for category, topic in TOPICS.items():
        by_key: dict[str, str] = {}
        for gloss in sorted(usable[category], key=lambda gloss: rank(gloss, "choose")):
            # A gloss found in two categories has no single right label.
            if len(categories[loose(gloss)]) == 1:
                by_key.setdefault(loose(gloss), gloss)
        chosen[topic] = list(by_key.values())
    return chosen


def split(glosses: dict[str, list[str]]) -> dict[str, list[tuple[str, str]]]:
    """Cut consecutive, and so disjoint, pieces off every topic, then mix the topics."""
    splits: dict[str, list[tuple[str, str]]] = {name: [] for name in ROWS_PER_TOPIC}
    for topic, texts in glosses.items():
        start = 0
        for name, count in ROWS_PER_TOPIC.items():
            piece = texts[start : start + count]
            if len(piece) < count:
                raise SystemExit(f"only {len(texts)} usable glosses for {topic!r}")
            splits[name].extend((text, topic) for text in piece)
            start += count
    # Not the order they were chosen in: there, the topics with the most glosses come first.
    for rows in splits.values():
        rows.sort(key=lambda row: rank(row[0], "mix"))
    return splits


def write(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    lines = (
        json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n"
        for text, label in rows
    )
    path.write_bytes("".join(lines).encode())  # bytes, so that Windows writes no "\r\n"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wordnet_dir", type=Path, help="folder with WordNet's data.noun")
    parser.add_argument("output_dir", type=Path, help="folder for the .jsonl files")
    options = parser.parse_args()

    source: Path = options.wordnet_dir / "data.noun"
    output_dir: Path = options.output_dir
    output_dir.mkdir(parents=True, exist_ok=True)

    print(f"{sha256(source)}  {source.name}")
    splits = split(candidates(read_synsets(source)))
    for name in ("train", "validation", "test"):
        path = output_dir / f"{name}.jsonl"
        write(path, splits[name])
        print(f"{sha256(path)}  {path.name}  {len(splits[name])} rows")


if __name__ == "__main__":
    main()
