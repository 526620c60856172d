"""Dataset repositories for the loopback Hub: the real names, configs and features, other text."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from datasets import ClassLabel, Dataset, Features, Translation, Value

from tests.hub import prose
from tests.hub.dataset_card import DatasetFolder, Rows, write_parquet
from tests.hub.repository import Repository

SIZES = {"train": 400, "validation": 100, "test": 100}
SEED = 20240101
AG_NEWS_LABELS = ["World", "Sports", "Business", "Sci/Tech"]
YELP_LABELS = ["1 star", "2 star", "3 stars", "4 stars", "5 stars"]
XLSUM_SPLITS = {"train": (0, 200), "validation": (200, 250), "test": (250, 300)}
STRING = Value("string")


def build_ag_news(root: Path) -> Path:
    """`fancyzhx/ag_news`: text and one of four labels; train and test."""
    features = Features({"text": STRING, "label": ClassLabel(names=AG_NEWS_LABELS)})
    repository = DatasetFolder(root, "fancyzhx/ag_news")
    splits = {split: _labelled(split, len(AG_NEWS_LABELS)) for split in ("train", "test")}
    repository.add_config("default", features, splits, directory="data")
    return repository.write_card()


def build_yelp_review_full(root: Path) -> Path:
    """`Yelp/yelp_review_full`: one of five labels and text; train and test."""
    features = Features({"label": ClassLabel(names=YELP_LABELS), "text": STRING})
    repository = DatasetFolder(root, "Yelp/yelp_review_full")
    splits = {split: _labelled(split, len(YELP_LABELS)) for split in ("train", "test")}
    repository.add_config("yelp_review_full", features, splits)
    return repository.write_card()


def build_cnn_dailymail(root: Path) -> Path:
    """`abisee/cnn_dailymail`: article, highlights, id; with two configs, one has to be named."""
    features = Features({"article": STRING, "highlights": STRING, "id": STRING})
    pairs = iter(prose.docstrings(sum(SIZES.values())))
    splits = {
        split: [
            {"article": article, "highlights": highlights, "id": f"{split}-{number:05}"}
            for number, (article, highlights) in zip(range(size), pairs, strict=False)
        ]
        for split, size in SIZES.items()
    }
    repository = DatasetFolder(root, "abisee/cnn_dailymail")
    for config in ("2.0.0", "3.0.0"):
        repository.add_config(config, features, splits)
    return repository.write_card()


def build_opus_books(root: Path) -> Path:
    """`Helsinki-NLP/opus_books`: id and a nested translation; a train split only."""
    features = Features({"id": STRING, "translation": Translation(languages=["en", "fr"])})
    rows = [
        {"id": str(number), "translation": pair}
        for number, pair in enumerate(_shuffled(prose.english_french_pairs()))
    ]
    repository = DatasetFolder(root, "Helsinki-NLP/opus_books")
    repository.add_config("en-fr", features, {"train": rows})
    return repository.write_card()


def build_wikitext(root: Path) -> Path:
    """`Salesforce/wikitext`: one line of an article a row, headings as ` = Title = `."""
    topics = list(prose.python_topics())
    cut = len(topics) // 8
    parts = {"test": topics[:cut], "validation": topics[cut : 2 * cut], "train": topics[2 * cut :]}
    splits: dict[str, Rows] = {}
    for split, size in SIZES.items():
        lines = _wikitext_lines(parts[split])
        splits[split] = [{"text": line} for line, _ in zip(lines, range(size), strict=False)]
    repository = DatasetFolder(root, "Salesforce/wikitext")
    for config in ("wikitext-2-raw-v1", "wikitext-2-v1"):
        repository.add_config(config, Features({"text": STRING}), splits)
    return repository.write_card()


def build_xlsum(root: Path) -> Path:
    """`csebuetnlp/xlsum`: a loading script on main, the languages as parquet on another branch."""
    repository = Repository(root, "datasets", "csebuetnlp/xlsum")
    main = repository.branch().folder
    main.mkdir(parents=True)
    (main / "README.md").write_text("---\nlanguage:\n- bn\n- en\n---\n", encoding="utf-8")
    # The clients look at the name of this file only: scripts are no longer run.
    (main / "xlsum.py").write_text('"""A loading script of the old kind."""\n', encoding="utf-8")
    converted = repository.branch("refs/convert/parquet").folder
    columns = ("id", "url", "title", "summary", "text")
    features = Features(dict.fromkeys(columns, STRING))
    pairs = _shuffled(prose.bangla_pairs())
    languages = {
        "bengali": [pair["bn"] for pair in pairs],
        "english": [pair["en"] for pair in pairs],
    }
    for language, sentences in languages.items():
        for split, (first, last) in XLSUM_SPLITS.items():
            rows = _articles(language, split, sentences[first:last], SIZES[split])
            table = Dataset.from_list(rows, features=features)
            write_parquet(table, converted / language / split / "0000.parquet")
    return main


def build_datasets(root: Path) -> None:
    """All of them."""
    build_ag_news(root)
    build_yelp_review_full(root)
    build_cnn_dailymail(root)
    build_opus_books(root)
    build_wikitext(root)
    build_xlsum(root)


def _shuffled(pairs: list[dict[str, str]]) -> list[dict[str, str]]:
    """The pairs in a fixed random order; in the files they are sorted, which no corpus is."""
    return random.Random(SEED).sample(pairs, len(pairs))


def _labelled(split: str, count: int) -> Rows:
    """Glosses of the first topics; a topic stands for a label of the real dataset."""
    rows = prose.glosses(split)
    topics = sorted({row["label"] for row in rows})[:count]
    labelled = [
        {"text": row["text"], "label": topics.index(row["label"])}
        for row in rows
        if row["label"] in topics
    ]
    return labelled[: SIZES[split]]


def _articles(language: str, split: str, sentences: list[str], size: int) -> Rows:
    """Articles of three to six sentences, the first being the summary; splits share none."""
    choice = random.Random(f"{SEED} {language} {split}")
    rows: Rows = []
    for number in range(size):
        title, *parts = choice.sample(sentences, choice.randint(4, 7))
        identity = f"{language}-{split}-{number}"
        rows.append(
            {
                "id": identity,
                "url": f"https://example.org/{language}/{identity}",
                "title": title,
                "summary": parts[0],
                "text": " ".join(parts),
            }
        )
    return rows


def _wikitext_lines(topics: list[list[tuple[str, str]]]) -> Iterator[str]:
    for blocks in topics:
        for kind, text in blocks:
            yield f" = {text} = \n" if kind == "heading" else f" {text} \n"
            yield ""
