"""The words of other tools for tasks, metrics and other types."""

from __future__ import annotations

import pytest

from ftspec.planning.missing_type import missing_type_helps
from ftspec.planning.peer_types import NAMES, SEVERAL, WITH_KEYS
from ftspec.registry.known_distributions import KNOWN_DISTRIBUTIONS
from ftspec.registry.registry import Registry
from tests.unit.conftest import Examine


@pytest.mark.parametrize(
    ("kind", "name", "helps"),
    [
        ("task", "classification", ['did you mean "text-classification"?']),
        ("task", "causal-lm", ['did you mean "text-generation"?']),
        ("task", "seq2seq", ['did you mean "summarization" or "translation"?']),
        (
            "task",
            "NER",
            [
                'did you mean "token-classification"?',
                "install the package that has it: pip install ftspec-token-classification",
            ],
        ),
        (
            "task",
            "llm:sft",
            [
                'did you mean "chat"?',
                "install the package that has it: pip install ftspec-preference",
            ],
        ),
        (
            "task",
            "regression",
            ['write "task: {type: text-classification, problem: regression}"'],
        ),
        ("metric", "acc", ['did you mean "accuracy"?']),
        ("metric", "f1-macro", ['write "metrics: [{type: f1, average: macro}]"']),
        ("source", "huggingface", ['did you mean "hub"?']),
        (
            "adapter",
            "qlora",
            [
                'write "adapter: {type: lora, quantization: nf4}"',
                "install the package that has it: pip install ftspec-peft",
            ],
        ),
    ],
)
def test_word_of_another_tool(kind: str, name: str, helps: list[str], registry: Registry) -> None:
    assert list(missing_type_helps(kind, name, registry)) == helps


@pytest.mark.parametrize(
    ("kind", "name"), [("task", "mlm"), ("task", "ppo"), ("metric", "rmse"), ("metric", "wer")]
)
def test_where_nothing_fits_nothing_is_suggested(kind: str, name: str, registry: Registry) -> None:
    (help_,) = missing_type_helps(kind, name, registry)
    assert help_.startswith("expected one of ")


def test_every_component_that_the_tables_name_exists(registry: Registry) -> None:
    known = {*registry.components, *(pair for has in KNOWN_DISTRIBUTIONS.values() for pair in has)}
    named = {(kind, name) for (kind, _), name in NAMES.items() if name is not None}
    named |= {(kind, name) for (kind, _), names in SEVERAL.items() for name in names}
    assert named - known == set()
    assert WITH_KEYS.keys() <= NAMES.keys()
    assert known.isdisjoint({*NAMES, *SEVERAL})


@pytest.mark.parametrize(
    "written", [text for word, text in WITH_KEYS.items() if "lora" not in text]
)
def test_keys_that_the_table_writes_exist(written: str, examine: Examine) -> None:
    found = examine(f"ftspec: 1\n{written}\n").diagnostics
    assert {one.slug for one in found} == {"missing-key"}
