"""Build conversations and preferences from the words of ../../../../specs/data/wordnet_words.

    python build.py

`conversations-*.jsonl` has `{"messages": [...]}`: what a word means, and what kind of thing it is.
`preferences-*.jsonl` has `{"prompt": ..., "chosen": ..., "rejected": ...}`: the definition of the
word, and that of a word of another topic. The same words give the same bytes on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
WORDS = FOLDER.parents[3] / "specs" / "data" / "wordnet_words"
ROWS = {"train": 1500, "validation": 150}

Row = dict[str, str]


def article(word: str) -> str:
    return "an" if word[0].lower() in "aeiou" else "a"


def question(row: Row) -> str:
    return f"What is {article(row['word'])} {row['word']}?"


def answer(row: Row) -> str:
    return f"{row['gloss'][0].upper()}{row['gloss'][1:]}."


def conversation(row: Row) -> dict[str, object]:
    kind = {"body": "a part of the body", "food": "food"}.get(
        row["topic"], f"{article(row['topic'])} {row['topic']}"
    )
    turns = [
        ("user", question(row)),
        ("assistant", answer(row)),
        ("user", "What kind of thing is it?"),
        ("assistant", f"It is {kind}."),
    ]
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def preference(row: Row, others: list[Row]) -> dict[str, object]:
    other = next(one for one in others if one["topic"] != row["topic"])
    return {"prompt": question(row), "chosen": answer(row), "rejected": answer(other)}


def write(name: str, rows: Iterable[dict[str, object]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (FOLDER / name).write_bytes(text.encode())  # bytes, so that Windows writes no "\r\n"


def main() -> None:
    for split, count in ROWS.items():
        lines = (WORDS / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        words = [json.loads(line) for line in lines]
        rows = words[:count]
        write(f"conversations-{split}.jsonl", map(conversation, rows))
        # a wrong answer is one of the words after, which are mixed
        pairs = (preference(row, words[index + 1 :]) for index, row in enumerate(rows))
        write(f"preferences-{split}.jsonl", pairs)


if __name__ == "__main__":
    main()
