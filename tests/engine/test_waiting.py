"""Between the passes of models steps read no number that the device computes, so that nothing waits
for it. On a CPU nothing would, but what reads is seen."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.engine.running import Engine
from tests.engine.specs import AT_ONCE, spec_of

pytestmark = pytest.mark.slow

LOADING, FORWARD = "data_loader.py", "autocast_mode.py"
"""Frames of what happens on the CPU, and of the pass of the model, which may ask: GPT-2 whether
there is padding, and what leaves it out of an encoder how many tokens are text."""

READ = (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default)


class Reads(TorchDispatchMode):
    """Notes from where numbers are read while steps are made."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[str] = []

    def __torch_dispatch__(
        self,
        operation: Callable[..., Any],
        types: Sequence[type],
        arguments: tuple[Any, ...] = (),
        options: Mapping[str, Any] | None = None,
    ) -> Any:
        if operation in READ:
            stack = traceback.extract_stack()
            files = {Path(frame.filename).name for frame in stack}
            is_of_a_step = any(frame.name == "_run_epoch" for frame in stack)
            if is_of_a_step and not files & {LOADING, FORWARD}:
                self.places.append("".join(traceback.format_list(stack[-6:-1])))
        return operation(*arguments, **(options or {}))


@pytest.mark.parametrize("case", ["single-label", "rows of text", "summarization"])
@pytest.mark.parametrize("way", ["padded", "exact"])
def test_steps_read_nothing(
    engine: Engine, request: pytest.FixtureRequest, way: str, case: str
) -> None:
    settings = (f"performance.batching={way}", "performance.precision=bf16")
    spec = spec_of(request, case)
    run = engine.compile(spec, *AT_ONCE, *settings, "training.logging_steps=100")

    with Reads() as reads:
        run.trainer.train()

    assert run.trainer.state.global_step == 6
    assert reads.places == []
