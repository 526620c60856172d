"""Tiny models with random weights, real text, and an engine to run specs with an adapter.

The builders of models and the loopback Hub are those of the repository's own tests.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import datasets
import pytest
import torch

REPOSITORY = Path(__file__).parents[3]
sys.path += [str(Path(__file__).parent), str(REPOSITORY)]  # last, so that ftspec is the installed

from adapter_runs import Engine  # noqa: E402

from tests.engine import rows, tiny  # noqa: E402
from tests.hub import prose  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def quiet_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache that no earlier session filled, one thread, and no Hub."""
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("datasets"))
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT without a head."""
    texts = [row["text"] for row in prose.glosses("train")]
    return tiny.build_bert(tmp_path_factory.mktemp("models") / "bert", texts)


@pytest.fixture(scope="session")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT-2: its layers are no nn.Linear, its output layer is tied to the embeddings."""
    return tiny.build_gpt2(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A T5."""
    return tiny.build_t5(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of rows for every task."""
    folder = tmp_path_factory.mktemp("rows")
    rows.write_rows(folder / "glosses.jsonl", rows.glosses(80))
    rows.write_rows(folder / "paragraphs.jsonl", rows.paragraphs(60))
    rows.write_rows(folder / "summaries.jsonl", rows.summaries(60))
    return folder


SPECS = {
    "bert": ("text-classification", "glosses", {"text": "{text}", "label": "{topic}"}),
    "gpt2": ("{type: text-generation, max_new_tokens: 8}", "paragraphs", {"text": "{text}"}),
    "t5": ("summarization", "summaries", {"source": "{document}", "target": "{summary}"}),
}
SPEC = """\
ftspec: 1
name: adapted
data:
  source: {{type: json, files: "{rows}"}}
  splits: {{train: "train[:40]", validation: "train[40:50]"}}
preprocess: {{template: {template}}}
tokenizer: {{max_length: 32, max_target_length: 12}}
model: {{checkpoint: "{checkpoint}", adapter: {{type: lora, r: 4, alpha: 8}}}}
task: {task}
training:
  max_steps: 8
  per_device_train_batch_size: 4
  gradient_accumulation_steps: 2
  learning_rate: 1e-2
  logging_steps: 1
  eval_strategy: steps
  eval_steps: 2
  save_strategy: steps
  save_steps: 2
performance: {{precision: fp32}}
"""


@pytest.fixture(params=SPECS)
def architecture(request: pytest.FixtureRequest) -> str:
    """Each family of models."""
    name: str = request.param
    return name


@pytest.fixture
def checkpoint(architecture: str, request: pytest.FixtureRequest) -> Path:
    """The folder of a model of that family."""
    folder: Path = request.getfixturevalue(architecture)
    return folder


def spec_of(architecture: str, checkpoint: Path | str, data: Path) -> str:
    """A spec that trains an adapter of it."""
    task, file, template = SPECS[architecture]
    return SPEC.format(
        rows=data / f"{file}.jsonl", template=template, checkpoint=checkpoint, task=task
    )


@pytest.fixture
def spec(architecture: str, checkpoint: Path, data: Path) -> str:
    """A spec of each family."""
    return spec_of(architecture, checkpoint, data)


@pytest.fixture
def bert_spec(bert: Path, data: Path) -> str:
    """The spec of the classifier."""
    return spec_of("bert", bert, data)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Runs specs below the test's own folder."""
    return Engine(tmp_path)
