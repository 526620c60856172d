"""A Trainer for another model than that of a compiled run."""

from __future__ import annotations

from typing import Any

from ftspec.testing.runs import CompiledRun


def trainer_of(run: CompiledRun, model: Any) -> Any:
    """The Trainer of a run, built again for ``model``, which may have an adapter."""
    return type(run.trainer)(
        model=model,
        args=run.trainer.args,
        data_collator=run.trainer.data_collator,
        train_dataset=run.data.encoded["train"],
        eval_dataset=run.data.encoded["validation"],
        processing_class=run.data.tokenizer,
        task=run.data.task,
        loss_metrics=lambda loss: {},
        prediction_metrics=None,
        warn=print,
        **run.data.task.trainer_options(model),
    )
