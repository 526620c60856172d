"""The model at the end is the best one, and a note names its step."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftspec.engine.progress.run_log import RunLog
from ftspec.engine.run.compile import compile_run
from ftspec.engine.run.opening import start_run
from tests.engine.running import Engine, Recorder

# a step so large that accuracy goes up and down
TRAINING = """\
training:
  max_steps: 16
  learning_rate: 0.03
  lr_scheduler_type: constant
  per_device_train_batch_size: 16
  per_device_eval_batch_size: 64
  eval_strategy: steps
  eval_steps: 2
metrics: [accuracy]
callbacks: [{type: best-model, metric: METRIC, keep: 2}]
"""


@pytest.mark.parametrize(("metric", "best"), [("accuracy", max), ("loss", min)])
def test_the_best_model_is_kept(
    metric: str, best: object, engine: Engine, classifier_spec: str
) -> None:
    spec = classifier_spec + TRAINING.replace("METRIC", metric)
    plan = engine.plan(spec)
    run_dir, watcher = start_run(plan, spec), Recorder()
    with RunLog(run_dir.log, watcher) as log:
        trainer = compile_run(plan, run_dir, log).trainer
        trainer.train()
    name = f"eval_{metric}"
    by_step = {logs["step"]: logs[name] for logs in trainer.state.log_history if name in logs}
    assert callable(best)
    highest = best(by_step.values())
    step = next(step for step, value in by_step.items() if value == highest)
    assert by_step[16] != highest, "the last model happens to be the best, which shows nothing"
    assert trainer.evaluate()[name] == pytest.approx(highest)
    assert watcher.notes[-1] == f"the best model is from step {step}: {metric} {highest:.4g}"
    kept = {path.name for path in Path(run_dir.checkpoints).glob("checkpoint-*")}
    assert kept == {f"checkpoint-{step}", "checkpoint-16"}
