"""Words of other tools are understood before any similarity, and every advice can be followed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ftspec.registry.discover import build_registry
from ftspec.spec.annotations import as_model
from ftspec.spec.peer_names import SAME, TOLD, VALUES, words_of_peers
from ftspec.spec.root import Spec
from tests.unit.conftest import Examine, placed

ROOT = Path(__file__).parents[3]
REGISTRY = build_registry(with_entry_points=False)
WRITTEN = {
    word: snippet
    for word, text in TOLD.items()
    for snippet in re.findall(r'write "((?:model|data|preprocess|tokenizer|task|training|perf'
                              r'ormance|callbacks): [\[{].*?[}\]])"', text)
}  # fmt: skip


def helps_of(examine: Examine, text: str, key: str) -> tuple[str, ...]:
    found = [one for one in examine(text).diagnostics if f'"{key}"' in one.headline]
    assert len(found) == 1, found
    return found[0].helps


@pytest.mark.parametrize(
    ("key", "help_"),
    [
        ("lr", 'did you mean "training.learning_rate"?'),
        ("micro_batch_size", 'did you mean "training.per_device_train_batch_size"?'),
        ("cutoff_len", 'did you mean "tokenizer.max_length"?'),
        ("sequence-len", 'did you mean "tokenizer.max_length"?'),
        ("Base_Model", 'did you mean "model.checkpoint"?'),
        ("mixed_precision", 'did you mean "performance.precision"?'),
        ("val_set_size", 'write "data: {splits: {validation: {from: train, fraction: …}}}"'),
        ("early_stopping_patience", 'write "callbacks: [{type: early-stopping, patience: …}]"'),
        ("evaluation_strategy", 'write "training: {eval_strategy: …}"'),
        ("bf16", 'write "performance: {precision: bf16}"'),
    ],
)
def test_key_of_another_tool_at_the_top(
    key: str, help_: str, examine: Examine, minimal_spec: str
) -> None:
    assert helps_of(examine, f"{minimal_spec}{key}: 1\n", key) == (help_,)


def test_key_of_another_tool_is_renamed_in_its_own_section(
    examine: Examine, minimal_spec: str
) -> None:
    text = f"{minimal_spec}training: {{lr: 1e-4, epochs: 2, cutoff_len: 8}}\n"
    by_key = {one.headline.split('"')[1]: one for one in examine(text).diagnostics}
    assert placed(by_key["lr"]) == "11:12 unknown-key"
    assert by_key["lr"].helps == ('did you mean "learning_rate"?',)
    assert by_key["lr"].fix is not None
    assert by_key["lr"].fix.replacement == "learning_rate"
    assert by_key["epochs"].helps == ('did you mean "num_train_epochs"?',)
    assert by_key["cutoff_len"].helps == ('did you mean "tokenizer.max_length"?',)
    assert by_key["cutoff_len"].fix is None


def test_key_of_another_tool_in_a_component(examine: Examine, minimal_spec: str) -> None:
    text = f"{minimal_spec}callbacks: [{{type: early-stopping, early_stopping_patience: 3}}]\n"
    assert helps_of(examine, text, "early_stopping_patience") == ('did you mean "patience"?',)
    assert words_of_peers("lora_r", "model.adapter", ["r", "alpha"]) == (
        'did you mean "r"?',
        "r",
    )


@pytest.mark.parametrize("key", ["grokking", "batch", "foo_size", "rank"])
def test_key_that_no_tool_has_gets_no_suggestion(
    key: str, examine: Examine, minimal_spec: str
) -> None:
    assert helps_of(examine, f"{minimal_spec}training: {{{key}: 1}}\n", key) == ()


@pytest.mark.parametrize(
    ("setting", "help_"),
    [
        ("performance: {precision: bfloat16}", 'did you mean "bf16"?'),
        ("training: {optim: adamw_hf}", 'did you mean "adamw_torch"?'),
        ("training: {eval_strategy: epochs}", 'did you mean "epoch"?'),
    ],
)
def test_value_of_another_tool(
    setting: str, help_: str, examine: Examine, minimal_spec: str
) -> None:
    (finding,) = examine(f"{minimal_spec}{setting}\n").diagnostics
    assert finding.slug == "bad-value"
    assert finding.helps == (help_,)


def keys_of_the_language() -> set[str]:
    """Every key of a section, also of the components in ``plugins/``."""
    keys = set(Spec.model_fields)
    for name, field in Spec.model_fields.items():
        model = as_model(field.annotation)
        keys |= {f"{name}.{key}" for key in (model.model_fields if model is not None else ())}
    places = {"adapter": "model.adapter", "callback": "callbacks"}
    for one in REGISTRY:
        place = places.get(one.component.kind, one.component.kind)
        keys |= {f"{place}.{key}" for key in one.component.config.model_fields}
    for path in (ROOT / "plugins").glob("*/src/*/config.py"):
        text = path.read_text(encoding="utf-8")
        for key in re.findall(r"^    (\w+): .* = Field\(", text, re.MULTILINE):
            keys |= {f"task.{key}", f"model.adapter.{key}"}
    return keys


def test_every_key_that_the_table_names_exists() -> None:
    assert {word: path for word, path in SAME.items() if path not in keys_of_the_language()} == {}


def test_words_are_no_keys_of_the_place_they_are_for() -> None:
    top = set(Spec.model_fields)
    assert top.isdisjoint(SAME)
    assert top.isdisjoint(TOLD)
    assert all(word == word.lower() and "-" not in word for word in {**SAME, **TOLD, **VALUES})


@pytest.mark.parametrize("word", WRITTEN)
def test_advice_can_be_followed(word: str, examine: Examine) -> None:
    snippet = WRITTEN[word].replace("'${env:HF_TOKEN}'", "x")
    section, _, rest = snippet.partition(": ")
    unknown = [
        one
        for one in examine(f"ftspec: 1\n{section}: {rest.replace('…', 'x')}\n").diagnostics
        if one.slug in ("unknown-key", "yaml-syntax", "bad-slice", "template-syntax")
    ]
    assert unknown == []


def test_most_advice_says_what_to_write() -> None:
    assert len(WRITTEN) > 80
