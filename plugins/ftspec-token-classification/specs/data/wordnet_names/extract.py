"""Build a small data set of names in sentences from the glosses of WordNet 3.0.

    python extract.py WORDNET_DIR OUTPUT_DIR

WORDNET_DIR holds WordNet's database files, of which only `data.noun` is read. Each row of the
output is `{"tokens": words, "ner_tags": a BIO tag for each}`. No person tagged anything: a name in
a gloss is a person or a place because WordNet itself has it as one. The same input gives the same
bytes on every machine: rows are chosen and ordered by a seeded hash.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

SEED = "0"

# Numbers of WordNet's lexicographer files, as listed in the manual page lexnames(5WN). Rivers and
# mountains are "objects" there.
KINDS = {"15": "LOC", "17": "LOC", "18": "PER"}

ROWS = {"test": 400, "validation": 400, "train": 2000}

MIN_WORDS = 6
MAX_WORDS = 40
LONGEST_NAME = 6  # words

WORD = re.compile(r"\w+(?:[^\w\s]+\w+)*|[^\w\s]")
UNWELCOME = re.compile(
    r"\b(offensive|insult|slur|disparag|derogat|obscen|vulgar|abuse|contempt|hates|races?\b|negr"
    r"|caucas|mongol|jews?\b|jewish|sex|prostitut|whore|rape\b|rapist|homosexual|lesbian|nazi"
    r"|suicid|tortur|terroris|murder|assassin|massacre|genocide|slaves?\b|slavery)",
    re.IGNORECASE,
)


class Synset(NamedTuple):
    """One line of `data.noun`: a set of synonyms with a definition."""

    category: str
    names: list[str]
    is_individual: bool
    gloss: str


def read_synsets(path: Path) -> Iterator[Synset]:
    """Read lines in the format of wndb(5WN)."""
    with path.open(encoding="ascii") as lines:
        for line in lines:
            if line.startswith("  "):  # the licence at the top of the file is indented
                continue
            fields, _, gloss = line.partition(" | ")
            parts = fields.split()
            word_count = int(parts[3], 16)
            first_pointer = 4 + 2 * word_count + 1  # after the words and the number of pointers
            yield Synset(
                category=parts[1],
                names=[name.replace("_", " ") for name in parts[4 : 4 + 2 * word_count : 2]],
                is_individual="@i" in parts[first_pointer::4],
                # example sentences follow the definition as `; "example"`
                gloss=" ".join(gloss.partition('; "')[0].split()).rstrip(" ;"),
            )


def kinds_of_names(synsets: Iterable[Synset]) -> dict[tuple[str, ...], set[str]]:
    """For each capitalised name, as words, what WordNet has it as: PER, LOC or O."""
    kinds: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for synset in synsets:
        kind = KINDS.get(synset.category, "O") if synset.is_individual else "O"
        for name in synset.names:
            if name[:1].isupper():
                kinds[tuple(WORD.findall(name))].add(kind)
    return dict(kinds)


def tag(words: list[str], kinds: Mapping[tuple[str, ...], set[str]]) -> list[str] | None:
    """The tag of each word, the longest name first; nothing if a name is unknown or ambiguous."""
    tags: list[str] = []
    while len(tags) < len(words):
        start = len(tags)
        if not words[start][0].isupper():
            tags.append("O")
            continue
        lengths = range(min(LONGEST_NAME, len(words) - start), 0, -1)
        length = next((n for n in lengths if tuple(words[start : start + n]) in kinds), None)
        if length is None:
            return None
        found = kinds[tuple(words[start : start + length])]
        if len(found) > 1:
            return None
        kind = next(iter(found))
        if kind == "O":
            tags += ["O"] * length
        else:
            tags += [f"B-{kind}", *[f"I-{kind}"] * (length - 1)]
    return tags


def rows_of(synsets: list[Synset]) -> list[tuple[list[str], list[str]]]:
    """Every gloss with a name in it, once, in its seeded order."""
    kinds = kinds_of_names(synsets)
    rows: dict[str, tuple[list[str], list[str]]] = {}
    for synset in sorted(synsets, key=lambda synset: rank(synset.gloss, "choose")):
        words = WORD.findall(synset.gloss)
        if (
            not MIN_WORDS <= len(words) <= MAX_WORDS
            or '"' in words
            or words.count("(") != words.count(")")
            or UNWELCOME.search(synset.gloss)
        ):
            continue
        tags = tag(words, kinds)
        if tags is not None and set(tags) != {"O"}:
            # glosses that differ only in numbers and small words must not be in two splits
            rows.setdefault(" ".join(re.findall(r"[a-z]{4,}", synset.gloss.lower())), (words, tags))
    return list(rows.values())


def rank(text: str, purpose: str) -> str:
    """A key to shuffle by; each purpose gives an order of its own."""
    return hashlib.sha256(f"{SEED}:{purpose}:{text}".encode()).hexdigest()


def choose(rows: list[tuple[list[str], list[str]]]) -> list[tuple[list[str], list[str]]]:
    """As many rows with a person as there are, up to half: places are far more common."""
    wanted = sum(ROWS.values())
    people = [row for row in rows if "B-PER" in row[1]][: wanted // 2]
    places = [row for row in rows if "B-PER" not in row[1]][: wanted - len(people)]
    if len(people) + len(places) < wanted:
        raise SystemExit(f"only {len(people)} + {len(places)} usable glosses")
    return sorted([*people, *places], key=lambda row: rank(" ".join(row[0]), "mix"))


def write(path: Path, rows: Iterable[tuple[list[str], list[str]]]) -> None:
    """Bytes, so that Windows writes no other line ends."""
    lines = (json.dumps({"tokens": words, "ner_tags": tags}) + "\n" for words, tags in rows)
    path.write_bytes("".join(lines).encode())


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wordnet_dir", type=Path, help="folder with WordNet's data.noun")
    parser.add_argument("output_dir", type=Path, help="folder for the .jsonl files")
    options = parser.parse_args()

    source: Path = options.wordnet_dir / "data.noun"
    print(f"{sha256(source)}  {source.name}")
    rows = choose(rows_of(list(read_synsets(source))))
    start = 0
    for name, count in ROWS.items():
        path = options.output_dir / f"{name}.jsonl"
        write(path, rows[start : start + count])
        print(f"{sha256(path)}  {path.name}  {count} rows")
        start += count


if __name__ == "__main__":
    main()
