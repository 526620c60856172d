"""Short real trainings: tiny models in folders, and an engine to train them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from tests.engine.running import Engine
from tests.unit import tiny

SpecOf = Callable[..., str]

_CLASSES = """\
ftspec: 1
name: classes
data:
  source: {{type: json, files: "{data}/validation.jsonl"}}
  splits: {{train: "train[:96]", validation: "train[96:160]"}}
preprocess: {{template: {{text: "{{text}}", label: "{{label}}"}}}}
tokenizer: {{max_length: 24}}
model: {{checkpoint: "{model}"}}
task: text-classification
performance: {{precision: fp32}}
"""
_WORDS = """\
ftspec: 1
name: words
data:
  source: {{type: json, files: "{data}/validation.jsonl"}}
  splits: {{train: "train[:48]", validation: "train[48:56]"}}
preprocess: {{template: {{text: "{{text}}"}}}}
tokenizer: {{max_length: 32}}
model: {{checkpoint: "{model}"}}
performance: {{precision: fp32}}
"""


@pytest.fixture(scope="session")
def classifier_spec(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny BERT learns topics; the sections of training and of callbacks are the test's."""
    tokenizer, folder = tiny.tokenizer("wordpiece"), tmp_path_factory.mktemp("models") / "bert"
    tiny.bert(len(tokenizer)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return _CLASSES.format(data=tiny.WORDNET, model=folder)


@pytest.fixture(scope="session")
def generator_spec(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny GPT-2 learns definitions; the sections of task, training and callbacks are the
    test's."""
    tokenizer, folder = tiny.tokenizer("bpe"), tmp_path_factory.mktemp("models") / "gpt2"
    tiny.gpt2(tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return _WORDS.format(data=tiny.WORDNET, model=folder)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine in one thread: tiny matrices are slower in two."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Engine(tmp_path)
    torch.set_num_threads(threads)
