"""A few real steps of a plan, and what they say about the whole run."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from ftspec.engine.callbacks.stopwatch import Stopwatch
from ftspec.engine.progress.run_log import Watcher
from ftspec.engine.run.accounting.performance import Performance, account
from ftspec.engine.run.compile import CompiledRun
from ftspec.engine.run.session import open_rehearsal
from ftspec.planning.plan import Plan
from ftspec.quantities import shown_time

STEPS = 10

# nothing but steps
_BARE = {
    "eval_strategy": "no",
    "eval_on_start": False,
    "save_strategy": "no",
    "load_best_model_at_end": False,
    # some schedules need evaluations
    "lr_scheduler_type": "constant",
    "lr_scheduler_kwargs": None,
    "push_to_hub": False,
}


@dataclass(frozen=True)
class MeasuredSteps:
    """What a few steps cost, and how many the whole run has."""

    performance: Performance
    steps_of_run: int

    @property
    def seconds_of_run(self) -> float:
        """What all its steps would take, without evaluations and saves."""
        seconds = self.performance.seconds
        made = self.performance.steps
        one = seconds["train"] / (made - 1) if made > 1 else seconds["first step"]
        return seconds["first step"] + one * (self.steps_of_run - 1)

    def to_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        whole = {"steps": self.steps_of_run, "seconds_of_steps": self.seconds_of_run}
        return {"measured": self.performance.to_json(), "whole_run": whole}

    def lines(self) -> list[str]:
        """What people read."""
        return [
            f"made {self.performance.steps} steps on real rows in a temporary folder; only the "
            "prepared rows stay, in the cache",
            *self.performance.lines(),
            f"all {self.steps_of_run:,} steps of a run would take {_shown(self.seconds_of_run)}, "
            "without evaluations and saves",
        ]


def try_steps(plan: Plan, *, watcher: Watcher) -> MeasuredSteps:
    """Prepare the data, load the model and make a few steps, without a run directory.

    Raises:
        RunError: the plan does not fit the data, the model or the machine.
        MissingExtraError: a package is not installed.
    """
    bare = replace(plan, callbacks=(), training={**plan.training, **_BARE})
    with open_rehearsal(bare, watcher) as (run, log):
        steps = steps_of(run)
        run.trainer.args.max_steps = min(STEPS, steps)
        stopwatch = Stopwatch(run.trainer)
        run.trainer.add_callback(stopwatch)
        log.phase("training")
        run.trainer.train()
        log.end_phase()
        performance = account(run, stopwatch, log.seconds)
    assert performance is not None  # a split without rows is an error before
    return MeasuredSteps(performance, steps)


def steps_of(run: CompiledRun) -> int:
    """How many optimizer steps the whole run has."""
    arguments = run.trainer.args
    if arguments.max_steps > 0:
        return arguments.max_steps
    batches = len(run.trainer.get_train_dataloader())
    steps = math.ceil(batches / arguments.gradient_accumulation_steps)
    return math.ceil(steps * arguments.num_train_epochs)


def _shown(seconds: float) -> str:
    shown = shown_time(seconds)
    return f"{shown} h" if shown.count(":") == 2 else f"{shown} min"
