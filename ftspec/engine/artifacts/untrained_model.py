"""The checkpoint of a spec as it is, before any training."""

from __future__ import annotations

from typing import NoReturn

from torch import nn

from ftspec.document.paths import SpecPath
from ftspec.engine.artifacts.saved_model import TrainedModel
from ftspec.engine.data.preparation import prepare
from ftspec.engine.data.source_splits import settle_splits
from ftspec.engine.model.checkpoint import locate
from ftspec.engine.model.config import load_config
from ftspec.engine.model.earlier_run import base_weights
from ftspec.engine.model.head import plan_head
from ftspec.engine.model.inputs import require_texts
from ftspec.engine.model.load import load_model
from ftspec.engine.model.vocabulary import fit_to_tokenizer, grow_embeddings
from ftspec.engine.model.weight_dtype import dtype_to_load
from ftspec.engine.progress.run_log import RunLog
from ftspec.errors import RunError
from ftspec.planning.plan import Plan

_AT: SpecPath = ("model", "checkpoint")
_MOST_SHOWN = 10


def load_untrained(plan: Plan, log: RunLog) -> TrainedModel:
    """The checkpoint of a spec, for its task and the labels of its data.

    Raises:
        RunError: a part of the model would be new, or its labels are not those of the data.
        MissingExtraError: a package is not installed.
    """
    named = plan.model.checkpoint
    if named is None or plan.model.init == "random":
        _refuse("the model of the spec starts from random weights", ("model", "init"))
    if plan.adapter is not None:
        _refuse("the adapter of the spec is new", plan.adapter.at)
    checkpoint = locate(named, plan.model.revision)
    auto_model = plan.task.component.auto_model
    require_texts(load_config(plan.model, checkpoint, {}), auto_model)
    data = prepare(settle_splits(plan, log), checkpoint, log)
    settings = data.task.model_settings()
    notes: list[str] = []  # they say what training does with the head
    with base_weights(plan, checkpoint, log.note) as base:
        config = load_config(plan.model, base.checkpoint, settings)
        fit_to_tokenizer(plan.model, config, data.tokenizer)
        head = plan_head(config, settings, data.checkpoint_labels)
        if head is not None and not head.is_kept:
            wanted = f"the data has {_listed(head.names)}" if head.names else "the task is a number"
            _refuse(f"the checkpoint has the labels {_listed(head.known)}, and {wanted}", _AT)
        options = {"dtype": dtype_to_load(plan, config)}
        model, new = load_model(
            plan.model, base.checkpoint, config, auto_model, notes.append, options, head
        )
    if new:
        _refuse(f"the checkpoint has no weights for {_listed(new)}", _AT)
    grow_embeddings(model, data.tokenizer, log.note)
    module: nn.Module = model
    return TrainedModel(
        config=model.config, tokenizer=data.tokenizer, module=module.eval(), adapter=None
    )


def _refuse(why: str, at: SpecPath) -> NoReturn:
    raise RunError(
        f"there is nothing trained to evaluate: {why}",
        slug="untrained-head",
        at=at,
        helps=(
            "name a checkpoint that was trained for this task and these labels",
            "or train first: ftspec run SPEC; then: ftspec evaluate RUN_DIR",
        ),
    )


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return ", ".join(f'"{name}"' for name in names[:_MOST_SHOWN]) + more
