"""Build pairs of a word and its definition from the nouns of WordNet 3.0.

    python extract_words.py WORDNET_DIR OUTPUT_DIR

Reads and chooses glosses as `../wordnet_topics/extract.py` does. Each row of the output is
`{"word": word, "gloss": definition, "topic": topic}`; no word and no gloss is there twice, and no
gloss has a word of the word that it defines. The same input gives the same bytes on every machine.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "wordnet_topics"))

from extract import (
    TOPICS,
    UNWELCOME,
    Synset,
    is_suitable,
    loose,
    rank,
    read_synsets,
    sha256,
)

ROWS_PER_TOPIC = {"test": 100, "validation": 100, "train": 600}

Row = dict[str, str]


def word_of(synset: Synset) -> str | None:
    """The first name of what is defined, unless its definition has a part of it."""
    word = re.sub(r"\(\w+\)$", "", synset.words[0]).replace("_", " ")
    parts = [part[:5] for part in re.findall(r"[a-z]{3,}", word.lower())]
    if not parts or UNWELCOME.search(word):
        return None
    return None if any(part in synset.gloss.lower() for part in parts) else word


def rows_by_topic(synsets: Iterable[Synset]) -> dict[str, list[Row]]:
    """The usable rows of each topic in their seeded order; a word that is defined twice, or a
    definition that defines two words, is there once."""
    usable = sorted(
        (synset for synset in synsets if synset.category in TOPICS and is_suitable(synset)),
        key=lambda synset: rank(synset.gloss, "choose words"),
    )
    chosen: dict[str, list[Row]] = {topic: [] for topic in TOPICS.values()}
    seen: set[str] = set()
    for synset in usable:
        word = word_of(synset)
        if word is None or word.lower() in seen or loose(synset.gloss) in seen:
            continue
        seen |= {word.lower(), loose(synset.gloss)}
        topic = TOPICS[synset.category]
        chosen[topic].append({"word": word, "gloss": synset.gloss, "topic": topic})
    return chosen


def splits_of(rows: dict[str, list[Row]]) -> Iterator[tuple[str, list[Row]]]:
    """Consecutive pieces of every topic, the topics mixed."""
    start = 0
    for name, count in ROWS_PER_TOPIC.items():
        pieces = [row for topic in rows.values() for row in topic[start : start + count]]
        if len(pieces) < count * len(rows):
            raise SystemExit(f"too few usable words for {name}")
        yield name, sorted(pieces, key=lambda row: rank(row["gloss"], "mix"))
        start += count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wordnet_dir", type=Path, help="folder with WordNet's data.noun")
    parser.add_argument("output_dir", type=Path, help="folder for the .jsonl files")
    options = parser.parse_args()
    source: Path = options.wordnet_dir / "data.noun"
    print(f"{sha256(source)}  {source.name}")
    for name, rows in splits_of(rows_by_topic(read_synsets(source))):
        path = options.output_dir / f"{name}.jsonl"
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        path.write_bytes(text.encode())  # bytes, so that Windows writes no "\r\n"
        print(f"{sha256(path)}  {path.name}  {len(rows)} rows")


if __name__ == "__main__":
    main()
