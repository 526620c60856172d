"""A model compiled by the compiler that torch takes by default learns what the model itself does,
and leaves an ordinary model behind; batches of many shapes need few compilations."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from torch._dynamo.utils import counters

from ftspec.engine.artifacts.predict import open_predictor
from ftspec.errors import RunError
from tests.engine.running import Engine, Recorder, logged, steps_in
from tests.engine.specs import AT_ONCE, spec_of

COMPILED = "performance.compile=true"
SMALL_CUTS = (*AT_ONCE, "performance.micro_batch_overhead_tokens=16")
ONE_LAYER = {
    "single-label": ("model.config.num_hidden_layers=1",),
    "summarization": ("model.config.num_layers=1", "model.config.num_decoder_layers=1"),
    "rows of text": ("model.config.n_layer=1",),
}
"""For each case: a second layer is compiled like the first."""
OF_ONE_SHAPE = ("tokenizer.max_length=32", "performance.micro_batch_overhead_tokens=1000000")
"""Each step in one batch: compiling takes a minute for each size that varies."""


@pytest.fixture(autouse=True)
def nothing_compiled_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "inductor"))
    torch.compiler.reset()
    counters.clear()


def test_lengths_are_not_beyond_the_positions(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    spec = spec_of(request, "rows of text")
    random = ("model.init=random", "model.config.n_positions=44", "tokenizer.max_length=42")
    eager = "training.torch_compile_backend=eager"
    trainer = engine.compile(spec, *AT_ONCE, *random, COMPILED, eager).trainer

    widths = [
        batch["input_ids"].shape[1] for step in trainer.get_train_dataloader() for batch in step
    ]

    assert max(widths) == 44
    assert all(width % 4 == 0 for width in widths)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.skipif(
    shutil.which(os.environ.get("CXX", "g++")) is None, reason="there is no C++ compiler"
)
def test_it_learns_the_same_and_saves_an_ordinary_model(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    spec = spec_of(request, "single-label")
    short = (
        *AT_ONCE,
        *ONE_LAYER["single-label"],
        *OF_ONE_SHAPE,
        "training.max_steps=2",
        "training.save_strategy=steps",
        "training.save_steps=1",
    )
    compiled = engine.execute(spec, *short, COMPILED).run_dir
    plain = engine.execute(spec, *short).run_dir

    # an observer that inductor compiled it, not only traced it
    assert counters["inductor"]
    ours, theirs = steps_in(logged(compiled)), steps_in(logged(plain))
    assert len(ours) == 2
    for name in ("loss", "grad_norm"):
        assert [one[name] for one in ours] == pytest.approx([one[name] for one in theirs], rel=1e-4)
    saved = [path.relative_to(compiled.path) for path in compiled.path.rglob("*.safetensors")]
    assert len(saved) == 3  # of two checkpoints and of the model
    for path in saved:
        with safe_open(compiled.path / path, "pt") as weights:
            names = set(weights.keys())
        with safe_open(plain.path / path, "pt") as weights:
            assert names == set(weights.keys())
    plan = engine.plan(spec, short)
    predictors = [open_predictor(plan, one, Recorder()) for one in (compiled, plain)]
    answers = [
        next(one.predict([one.from_text("a small furry animal")]))["scores"] for one in predictors
    ]
    assert answers[0] == pytest.approx(answers[1], rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "backend"),
    [
        ("single-label", "aot_eager"),  # traces the way back too
        pytest.param("summarization", "eager", marks=pytest.mark.long),
        pytest.param("rows of text", "eager", marks=pytest.mark.long),
    ],
)
def test_few_compilations_serve_many_shapes(
    engine: Engine, request: pytest.FixtureRequest, case: str, backend: str
) -> None:
    """A model that is compiled again does not depend on what the code is compiled to."""
    spec, short = spec_of(request, case), (*SMALL_CUTS, *ONE_LAYER[case])
    traced = f"training.torch_compile_backend={backend}"
    run = engine.compile(spec, *short, COMPILED, traced)
    counters.clear()
    shapes = set()
    learn = run.trainer.compute_loss

    def note_shape(model: Any, inputs: dict[str, torch.Tensor], **options: Any) -> Any:
        shapes.add(tuple(tuple(value.shape) for value in inputs.values()))
        return learn(model, inputs, **options)

    run.trainer.compute_loss = note_shape
    run.trainer.train()

    assert run.trainer.accelerator.state.dynamo_plugin.backend.value == backend.upper()
    graphs = counters["stats"]["unique_graphs"]
    assert graphs <= 5
    assert graphs < len(shapes)
    assert {width % 32 for shape in shapes for _, *widths in shape for width in widths} == {0}
    ours, theirs = steps_in(run.trainer.state.log_history), steps_in(engine.train(spec, *short))
    for name in ("loss", "grad_norm"):
        assert [one[name] for one in ours] == pytest.approx([one[name] for one in theirs], rel=1e-4)


@pytest.mark.parametrize(
    ("backend", "slug", "place"),
    [
        ("inductor", "cannot-compile", ("performance", "compile")),
        ("inducter", "bad-value", ("training", "torch_compile_backend")),
    ],
)
def test_what_cannot_compile_is_said_before_rows_are_prepared(
    engine: Engine,
    request: pytest.FixtureRequest,
    backend: str,
    slug: str,
    place: tuple[str, ...],
) -> None:
    from torch._inductor import config, cpp_builder

    config.cpp.cxx, known = (None, "/nowhere/g++"), config.cpp.cxx
    cpp_builder.cpp_compiler_search.cache_clear()
    watcher = Recorder()
    try:
        with pytest.raises(RunError) as caught:
            engine.execute(
                spec_of(request, "single-label"),
                COMPILED,
                f"training.torch_compile_backend={backend}",
                watcher=watcher,
            )
    finally:
        config.cpp.cxx = known
        cpp_builder.cpp_compiler_search.cache_clear()
    assert (caught.value.slug, caught.value.at) == (slug, place)
    assert ("/nowhere/g++" in caught.value.headline) is (backend == "inductor")
    assert watcher.phases == []
