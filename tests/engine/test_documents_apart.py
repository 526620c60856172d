"""Packed documents that do not see each other teach what the documents teach one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, BloomConfig, BloomForCausalLM

from ftspec.api import IGNORED_LABEL
from ftspec.builtin.tasks.documents import DocumentsApart, keep_documents_apart
from ftspec.errors import RunError
from tests.engine.gradients import double_throughout
from tests.engine.running import Engine, steps_in
from tests.engine.specs import AT_ONCE, spec_of

pytestmark = pytest.mark.kernels

END, PADDING = 0, 9
APART = "task.cross_document_attention=false"


def test_positions_begin_anew_with_every_document() -> None:
    collate = DocumentsApart(END, PADDING)
    batch = collate([{"input_ids": [5, 6, END, 7, END]}, {"input_ids": [8, END, 4]}])

    assert batch["input_ids"].tolist() == [[5, 6, 0, 7, 0], [8, 0, 4, 9, 9]]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 0, 1], [0, 1, 0, 0, 1]]
    assert batch["labels"].tolist() == [
        [IGNORED_LABEL, 6, 0, IGNORED_LABEL, 0],
        [IGNORED_LABEL, 0, IGNORED_LABEL, IGNORED_LABEL, IGNORED_LABEL],
    ]


def test_the_gradient_is_that_of_the_documents_one_by_one(gpt2: Path) -> None:
    """A block of three documents, one of them cut, and a shorter one."""
    model = AutoModelForCausalLM.from_pretrained(gpt2).double().eval()
    model.config.use_cache = False
    end = model.config.eos_token_id
    documents = [[11, 12, 13, end], [21, 22, end], [31, 32, 33, 34], [41, 42, 43, end]]
    blocks = [documents[0] + documents[1] + documents[2], documents[3]]

    with double_throughout():
        batch = DocumentsApart(end, end)([{"input_ids": block} for block in blocks])
        packed = gradient_of(model, batch)
        items = [len(document) - 1 for document in documents]
        alone = [
            gradient_of(model, {"input_ids": torch.tensor([one]), "labels": torch.tensor([one])})
            for one in documents
        ]

    assert int(batch["labels"][:, 1:].ne(IGNORED_LABEL).sum()) == sum(items)
    for index, whole in enumerate(packed):
        mean = sum(one[index] * count for one, count in zip(alone, items, strict=True)) / sum(items)
        torch.testing.assert_close(whole, mean, rtol=1e-9, atol=1e-12)


def gradient_of(model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    """The gradient of the mean loss of a batch."""
    model.zero_grad()
    model(**batch).loss.backward()
    return [one.grad.clone() for one in model.parameters() if one.grad is not None]


@pytest.mark.slow
def test_a_spec_asks_for_it(engine: Engine, request: pytest.FixtureRequest) -> None:
    spec = spec_of(request, "packed text")
    together = steps_in(engine.train(spec, *AT_ONCE, "training.max_steps=2"))
    apart = steps_in(engine.train(spec, *AT_ONCE, "training.max_steps=2", APART))

    assert len(together) == len(apart) == 2
    assert apart[0]["loss"] != pytest.approx(together[0]["loss"], rel=1e-4)


def test_a_model_that_cannot_is_refused() -> None:
    """Bloom takes its positions from the attention mask."""
    config = BloomConfig(vocab_size=50, hidden_size=16, n_layer=1, n_head=2)
    model = BloomForCausalLM(config)

    with pytest.raises(
        RunError, match="a bloom model cannot keep the documents of a block apart"
    ) as caught:
        keep_documents_apart(model)
    assert caught.value.at == ("task", "cross_document_attention")
    assert model.training is BloomForCausalLM(config).training
