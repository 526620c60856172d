"""Steps are split, or rows grouped, where that changes nothing that is learned."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import datasets
import pytest
from transformers import BertConfig, PretrainedConfig, Qwen2MoeConfig

from ftspec.engine.trainer.batching_choice import choose_batching
from tests.unit.conftest import PlanOf

ROWS = datasets.Dataset.from_dict({"input_ids": [[1], [2, 3]]})
TASK = {"rows_are_independent": True, "length_columns": ("input_ids",)}
ROUTED = Qwen2MoeConfig(output_router_logits=True)
NOISY = "training: {neftune_noise_alpha: 5}\n"

Chosen = tuple[str, list[str]]


@pytest.fixture
def choose(plan_of: PlanOf, minimal_spec: str) -> Any:
    """What is chosen, and what is said of it."""

    def choose_for(
        batching: str,
        more: str = "",
        *,
        task: dict[str, Any] = TASK,
        config: PretrainedConfig | None = None,
        rows: Any = ROWS,
    ) -> Chosen:
        said: list[str] = []
        plan = plan_of(minimal_spec + more + f"performance: {{batching: {batching}}}\n")
        log: Any = SimpleNamespace(warn=None, note=said.append)
        of_task: Any = SimpleNamespace(**task)
        chosen = choose_batching(plan, of_task, config or BertConfig(), rows, log)
        return chosen.batching, said

    return choose_for


@pytest.mark.parametrize("batching", ["exact", "grouped", "padded"])
def test_what_the_spec_asks_for(choose: Any, batching: str) -> None:
    assert choose(batching) == (batching, [])


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"task": TASK | {"rows_are_independent": False}}, "depends on the other rows"),
        ({"task": TASK | {"length_columns": ("source",)}}, "lengths of the rows are unknown"),
        ({"config": ROUTED}, "routers is of a whole batch"),
        ({"more": NOISY}, "NEFTune depends on the width"),
    ],
    ids=["dependent", "without lengths", "routed", "noisy"],
)
@pytest.mark.parametrize("batching", ["exact", "grouped"])
def test_padded_where_it_would_learn_otherwise(
    choose: Any, batching: str, options: dict[str, Any], reason: str
) -> None:
    chosen, [said] = choose(batching, **options)

    assert chosen == "padded"
    assert said.startswith("batches are padded, not ")
    assert reason in said
    assert choose("padded", **options) == ("padded", [])


def test_a_stream_is_split_and_not_grouped(choose: Any) -> None:
    rows = ROWS.to_iterable_dataset()

    assert choose("exact", rows=rows) == ("exact", [])
    assert choose("grouped", rows=rows) == (
        "padded",
        ["batches are padded, not grouped: a stream is read in its own order"],
    )
