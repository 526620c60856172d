"""The prediction of a row is that of the row alone, whatever else is predicted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from transformers import PretrainedConfig

from ftspec.engine.artifacts.predict import open_predictor
from tests.engine.odd_models import BIG_BIRD, FNET, LONGROPE, classifier, language_model
from tests.engine.running import Engine, Recorder
from tests.engine.specs import AT_ONCE, STANDING_STILL, spec_of

TEXTS = (
    "a cat",
    "a large wild cat with a striped coat",
    "the part of a plant that grows below the ground and takes up water and salts from the soil",
    "a dog",
    "someone who cooks food for other people and is paid for it by a restaurant or a family",
    "a round fruit with a hard skin",
)


def predictions(
    engine: Engine, spec: str, column: str, *settings: str
) -> tuple[list[Any], list[Any], list[str]]:
    """What a run predicts for all texts together, and for each alone; what it says."""
    run_dir = engine.execute(spec, *AT_ONCE, *STANDING_STILL, *settings).run_dir
    plan, watcher = engine.plan(spec, (*AT_ONCE, *STANDING_STILL, *settings)), Recorder()
    rows = [{column: text} for text in TEXTS]
    together = list(open_predictor(plan, run_dir, watcher).predict(rows))
    alone = [
        next(open_predictor(plan, run_dir, Recorder()).predict([row]))  # no state of other rows
        for row in rows
    ]
    return together, alone, watcher.notes


@pytest.mark.slow
@pytest.mark.parametrize("config", [FNET, BIG_BIRD], ids=["fnet", "big_bird"])
def test_scores_do_not_depend_on_other_rows(
    engine: Engine, request: pytest.FixtureRequest, tmp_path: Path, config: PretrainedConfig
) -> None:
    spec = classifier(request, tmp_path / "model", config)
    together, alone, notes = predictions(engine, spec, "text")

    for one, other in zip(together, alone, strict=True):
        assert one["scores"] == pytest.approx(other["scores"], rel=1e-4)
    assert any(note.startswith("predicting rows of equal length") for note in notes)


@pytest.mark.slow
def test_texts_do_not_depend_on_other_prompts(
    engine: Engine, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The longest prompt of a batch decides the frequencies of all positions."""
    spec = language_model(request, tmp_path / "model", LONGROPE)
    together, alone, notes = predictions(engine, spec, "text", "task.max_new_tokens=8")

    assert together == alone
    assert any(note.startswith("predicting rows of equal length") for note in notes)


@pytest.mark.slow
def test_a_model_that_ignores_padding_says_nothing(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    together, alone, notes = predictions(engine, spec_of(request, "single-label"), "text")

    for one, other in zip(together, alone, strict=True):
        assert one["scores"] == pytest.approx(other["scores"], rel=1e-4)
    assert not any(note.startswith("predicting rows") for note in notes)
