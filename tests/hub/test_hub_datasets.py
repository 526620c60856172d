"""datasets loads each dataset of the loopback Hub under its real name, or fails as it should."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hub.client import run
from tests.hub.fixtures import environment_for
from tests.hub.server import HubServer

LOAD_DATASETS = """
import json
from datasets import load_dataset

loads = {
    "ag_news": (["fancyzhx/ag_news"], {}),
    "yelp": (["Yelp/yelp_review_full", "yelp_review_full"], {}),
    "cnn": (["abisee/cnn_dailymail", "3.0.0"], {}),
    "opus": (["Helsinki-NLP/opus_books", "en-fr"], {}),
    "wikitext": (["Salesforce/wikitext", "wikitext-2-raw-v1"], {}),
    "xlsum": (["csebuetnlp/xlsum"], {"revision": "refs/convert/parquet", "data_dir": "bengali"}),
}
facts = {}
for key, (names, options) in loads.items():
    splits = load_dataset(*names, **options)
    facts[key] = {
        "sizes": {split: len(rows) for split, rows in splits.items()},
        "features": splits["train"].features.to_dict(),
        "row": splits["train"][0],
    }
print(json.dumps(facts))
"""

ASK_AMISS = """
import json
from datasets import load_dataset
from huggingface_hub import HfApi, hf_hub_download

asks = {
    "unknown model": lambda: HfApi().model_info("nobody/nothing"),
    "unknown bare model": lambda: HfApi().model_info("nothing"),
    "unknown dataset": lambda: HfApi().dataset_info("nobody/nothing"),
    "unknown revision": lambda: hf_hub_download("gpt2", "config.json", revision="v9"),
    "unknown file": lambda: hf_hub_download("gpt2", "no.json"),
    "unknown dataset loaded": lambda: load_dataset("nobody/nothing"),
    "unknown dataset revision": lambda: load_dataset("fancyzhx/ag_news", revision="v9"),
    "bare dataset": lambda: load_dataset("ag_news"),
    "no config": lambda: load_dataset("abisee/cnn_dailymail"),
    # First of its repository: with another revision in the cache the error is a different one.
    "script": lambda: load_dataset("csebuetnlp/xlsum"),
    "config of a converted branch": lambda: load_dataset(
        "csebuetnlp/xlsum", "bengali", revision="refs/convert/parquet"
    ),
}
facts = {}
for key, ask in asks.items():
    try:
        ask()
    except Exception as error:
        facts[key] = f"{type(error).__name__}: {error}"
print(json.dumps(facts))
"""


@pytest.fixture(scope="module")
def loaded(hub_environment: dict[str, str]) -> dict[str, Any]:
    facts: dict[str, Any] = run(LOAD_DATASETS, hub_environment)
    return facts


@pytest.fixture(scope="module")
def refusals(hub: HubServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("hf_home")
    facts: dict[str, str] = run(ASK_AMISS, environment_for(hub, home))
    return facts


def test_labels_have_their_names(loaded: dict[str, Any]) -> None:
    news = loaded["ag_news"]["features"]["label"]
    assert news["_type"] == "ClassLabel"
    assert news["names"] == ["World", "Sports", "Business", "Sci/Tech"]
    stars = loaded["yelp"]["features"]["label"]
    assert stars["names"] == ["1 star", "2 star", "3 stars", "4 stars", "5 stars"]
    assert loaded["ag_news"]["sizes"] == loaded["yelp"]["sizes"] == {"train": 400, "test": 100}


@pytest.mark.parametrize(
    ("key", "columns"),
    [
        ("cnn", ["article", "highlights", "id"]),
        ("wikitext", ["text"]),
        ("xlsum", ["id", "url", "title", "summary", "text"]),
    ],
)
def test_text_dataset_loads(loaded: dict[str, Any], key: str, columns: list[str]) -> None:
    features = loaded[key]["features"]
    assert list(features) == columns
    assert all(feature["dtype"] == "string" for feature in features.values())
    assert loaded[key]["sizes"] == {"train": 400, "validation": 100, "test": 100}


def test_xlsum_branch_gives_bangla(loaded: dict[str, Any]) -> None:
    row = loaded["xlsum"]["row"]
    assert row["text"].startswith(row["summary"])
    assert "\u0980" <= row["summary"][0] <= "\u09ff"


def test_translations_are_nested(loaded: dict[str, Any]) -> None:
    assert loaded["opus"]["features"]["translation"]["languages"] == ["en", "fr"]
    assert set(loaded["opus"]["row"]["translation"]) == {"en", "fr"}
    assert loaded["opus"]["sizes"] == {"train": 400}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("unknown model", "RepositoryNotFoundError: "),
        ("unknown bare model", "RepositoryNotFoundError: "),
        ("unknown dataset", "RepositoryNotFoundError: "),
        ("unknown revision", "RevisionNotFoundError: "),
        ("unknown file", "RemoteEntryNotFoundError: "),
        ("unknown dataset loaded", "DatasetNotFoundError: "),
        ("unknown dataset revision", "DatasetNotFoundError: Revision 'v9' doesn't exist"),
        ("bare dataset", "HfUriError: "),
        ("no config", "ValueError: Config name is missing"),
        ("script", "RuntimeError: Dataset scripts are no longer supported"),
        ("config of a converted branch", "ValueError: BuilderConfig 'bengali' not found"),
    ],
)
def test_refusals_are_those_of_the_hub(refusals: dict[str, str], key: str, expected: str) -> None:
    assert refusals[key].startswith(expected)


def test_bare_dataset_name_is_refused_by_the_client(refusals: dict[str, str]) -> None:
    assert "Repository id must be 'namespace/name', got 'ag_news'" in refusals["bare dataset"]
