"""The ``model`` section."""

from __future__ import annotations

import pytest

from tests.unit.conftest import Diagnose, PlanOf


def with_model(minimal_spec: str, model: str) -> str:
    return minimal_spec.replace("{checkpoint: acme/bert}", model)


def test_checkpoint_is_loaded_with_its_weights_by_default(
    plan_of: PlanOf, minimal_spec: str
) -> None:
    model = plan_of(minimal_spec).model
    assert (model.checkpoint, model.init, model.trust_remote_code) == (
        "acme/bert",
        "pretrained",
        False,
    )


def test_architecture_stands_for_a_checkpoint_with_random_weights(
    plan_of: PlanOf, minimal_spec: str
) -> None:
    text = with_model(minimal_spec, "{architecture: gpt2, init: random, config: {n_layer: 2}}")
    model = plan_of(text).model
    assert (model.checkpoint, model.architecture) == (None, "gpt2")
    assert model.config == {"n_layer": 2}


@pytest.mark.parametrize(
    ("model", "findings"),
    [
        ("{}", ["9:8 missing-key"]),
        ("{init: random}", ["9:8 missing-key"]),
        ("{architecture: gpt2}", ["9:8 bad-value"]),
        ("{checkpoint: a/b, architecture: gpt2}", ["9:8 bad-value"]),
        ("{checkpoint: a/b, init: radnom}", ["9:32 bad-value"]),
        ("{checkpoint: a/b, trust_remote_code: 'true'}", ["9:45 wrong-type"]),
        ("{checkpoint: a/b, revision: 3}", ["9:36 wrong-type"]),
        ("{checkpoint: a/b, config: [a]}", ["9:34 wrong-type"]),
        ("{chekpoint: a/b}", ["9:9 unknown-key"]),
        ("acme/bert", ["9:8 wrong-type"]),
    ],
)
def test_model_at_fault_is_reported_where_it_is_written(
    model: str, findings: list[str], diagnose: Diagnose, minimal_spec: str
) -> None:
    assert diagnose(with_model(minimal_spec, model)) == findings
