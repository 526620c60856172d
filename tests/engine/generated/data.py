"""Sources over small local files, splits, templates and transforms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import datasets
from hypothesis import strategies as st

from tests.engine import rows
from tests.engine.generated.drawing import Spec

_ALL = ("text", "topic", "traits", "words", "next", "agree", "deep")
_FLAT = tuple(name for name in _ALL if name not in ("traits", "deep"))


class Files:
    """The same rows in every format."""

    def __init__(self, folder: Path, models: Mapping[str, Path]) -> None:
        self.folder = folder
        self.models = {name: str(path) for name, path in models.items()}
        table = [{**row, "deep": {"text": row["text"]}} for row in rows.glosses(48)]
        flat = [{name: row[name] for name in _FLAT} for row in table]
        rows.write_rows(folder / "rows.jsonl", table)
        rows.write_rows(folder / "more.jsonl", table[:20])
        (folder / "array.json").write_text(json.dumps(table), encoding="utf-8")
        (folder / "below.json").write_text(json.dumps({"rows": table}), encoding="utf-8")
        texts = "\n\n".join(row["text"] for row in table)
        (folder / "lines.txt").write_text(texts, encoding="utf-8")
        datasets.Dataset.from_list(table).to_parquet(folder / "rows.parquet")
        datasets.Dataset.from_list(flat).to_csv(folder / "rows.csv")
        datasets.Dataset.from_list(flat).to_csv(folder / "rows.tsv", sep="\t", header=False)
        datasets.Dataset.from_list(table).save_to_disk(folder / "disk")

    def path(self, name: str) -> str:
        """The absolute path of a file."""
        return str(self.folder / name)


def sources(files: Files) -> st.SearchStrategy[tuple[Spec, tuple[str, ...]]]:
    path = files.path
    jsonl = {"type": "json", "files": path("rows.jsonl")}
    bangla = {"type": "package", "package": "tests", "files": "hub/text/bangla.jsonl"}
    mixture = {
        "type": "mixture",
        "sources": [
            {"source": jsonl},
            {"source": {"type": "json", "files": [path("more.jsonl")]}, "weight": 0.5},
        ],
    }
    headless = {"type": "csv", "files": path("rows.tsv"), "delimiter": "\t"}
    return st.sampled_from(
        (
            (jsonl, _ALL),
            ({"type": "json", "files": {"train": path("rows.jsonl")}}, _ALL),
            ({"type": "json", "files": [path("rows.jsonl"), path("more.jsonl")]}, _ALL),
            ({"type": "json", "files": path("*.jsonl")}, _ALL),
            ({"type": "json", "files": path("array.json")}, _ALL),
            ({"type": "json", "files": path("below.json"), "field": "rows"}, _ALL),
            ({"type": "csv", "files": path("rows.csv")}, _FLAT),
            ({**headless, "column_names": list(_FLAT)}, _FLAT),
            ({"type": "parquet", "files": path("rows.parquet")}, _ALL),
            ({"type": "parquet", "files": path("rows.parquet"), "columns": list(_FLAT)}, _FLAT),
            ({"type": "text", "files": path("lines.txt")}, ("text",)),
            ({"type": "text", "files": path("lines.txt"), "sample_by": "paragraph"}, ("text",)),
            ({"type": "disk", "path": path("disk")}, _ALL),
            ({**bangla, "format": "json"}, ("en", "bn")),
            (mixture, _ALL),
            ({**mixture, "stopping": "all-exhausted"}, _ALL),
        )
    )


def texts(columns: tuple[str, ...]) -> st.SearchStrategy[str]:
    named = [name for name in columns if name in ("text", "next", "topic", "en", "bn")]
    if "deep" in columns:
        named.append("deep.text")
    column = st.sampled_from(named)
    return st.one_of(
        column.map("{{{}}}".format),
        column.map("say: {{{}}}".format),
        st.tuples(column, column).map(lambda two: f"{{{{{{{two[0]}}}}}}} of {{{two[1]}}}"),
        st.just("a constant {{text}}"),
    )


@st.composite
def splits(draw: st.DrawFn, columns: tuple[str, ...]) -> Spec:
    parts = draw(
        st.sampled_from(
            (
                {},
                {"train": "train[:32]", "validation": "train[32:]"},
                {"train": "train[:70%]", "validation": "train[70%:85%]", "test": "train[85%:]"},
                {"train": "train[:20]+train[24:40]", "test": "train[-4:]"},
                {"validation": {"from": "train", "fraction": 0.25}},
                {"validation": {"from": "train", "fraction": 0.2}, "test": "train[:4]"},
                {
                    "validation": {"from": "train", "fraction": 0.2},
                    "test": {"from": "train", "fraction": 0.1, "seed": 3},
                },
            )
        )
    )
    held_out = parts.get("validation")
    if isinstance(held_out, dict):
        held_out = dict(held_out)
        if "agree" in columns and draw(st.booleans()):
            held_out[draw(st.sampled_from(("stratify_by", "group_by")))] = "agree"
        parts = {**parts, "validation": held_out}
    return parts


def transforms(columns: tuple[str, ...]) -> st.SearchStrategy[Any]:
    texts = [name for name in columns if name in ("text", "next", "en", "bn")]
    if "deep" in columns:
        texts.append("deep.text")
    return st.one_of(
        st.just("deduplicate"),
        st.fixed_dictionaries(
            {"type": st.just("deduplicate")},
            optional={
                "columns": st.lists(st.sampled_from(texts), min_size=1, max_size=2),
                "ignore_case": st.booleans(),
            },
        ),
        st.fixed_dictionaries(
            {"type": st.just("filter"), "column": st.sampled_from(texts)},
            optional={
                "not_missing": st.booleans(),
                "min_words": st.integers(1, 2),
                "max_words": st.integers(100, 200),
                "min_characters": st.integers(1, 3),
                "max_characters": st.integers(1000, 2000),
            },
        ),
    )
