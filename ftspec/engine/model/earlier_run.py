"""The run that another one continues: its plan, and the weights that its adapter belongs to.

The adapter of an earlier run is trained further if the spec names the same adapter. Otherwise it is
merged into the weights below it, which may again be those of an earlier run.
"""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from ftspec.diagnostics.model import Collector
from ftspec.document.load import load_document, read_source
from ftspec.document.paths import SpecPath
from ftspec.engine.model.adapter import build_adapter
from ftspec.engine.model.checkpoint import Checkpoint, locate
from ftspec.engine.model.config import load_config
from ftspec.engine.model.load import load_model
from ftspec.engine.model.vocabulary import grow_embeddings
from ftspec.engine.model.weight_dtype import dtype_to_load
from ftspec.engine.progress.run_log import Note, drop_note
from ftspec.errors import RunError
from ftspec.planning.plan import Plan
from ftspec.planning.resolve import build_plan
from ftspec.registry.discover import build_registry
from ftspec.rundir import RunDirectory

_AT: SpecPath = ("model", "checkpoint")


@dataclass(frozen=True, kw_only=True)
class BaseWeights:
    """What a run loads.

    Attributes:
        checkpoint: the weights.
        adapter: the folder of an adapter to train further.
        is_merged: whether the checkpoint was merged for this run, and exists only for a while.
    """

    checkpoint: Checkpoint | None
    adapter: Path | None = None
    is_merged: bool = False


@contextmanager
def base_weights(plan: Plan, checkpoint: Checkpoint | None, note: Note) -> Iterator[BaseWeights]:
    """What a run loads to start from a checkpoint. A merged model exists only inside the ``with``
    block.

    Raises:
        RunError: the plan of an earlier run cannot be read, or its checkpoint is gone.
        MissingExtraError: a package is not installed.
    """
    if checkpoint is None or checkpoint.adapted is None or plan.model.init == "random":
        yield BaseWeights(checkpoint=checkpoint)
        return
    run_dir = RunDirectory(checkpoint.adapted)
    earlier = plan_of_run(run_dir)
    if _has_same_adapter(plan, earlier):
        note(f'the adapter of "{run_dir.path}" is trained further')
        with base_weights(earlier, locked_checkpoint(earlier, run_dir), drop_note) as below:
            yield replace(below, adapter=run_dir.model)
        return
    why = "another adapter" if plan.adapter is not None else "no adapter"
    note(f'the adapter of "{run_dir.path}" is merged into its checkpoint: the spec has {why}')
    with tempfile.TemporaryDirectory(prefix="ftspec-") as folder:
        _write_merged(earlier, run_dir, folder)
        yield BaseWeights(checkpoint=Checkpoint(name=folder), is_merged=True)


def load_base(
    plan: Plan,
    checkpoint: Checkpoint,
    config: PretrainedConfig,
    tokenizer: PreTrainedTokenizerBase,
    options: Mapping[str, Any],
) -> PreTrainedModel:
    """The weights below the adapter of a run, as the run loaded them: with the ``config`` that it
    saved, and as many embeddings as the tokenizer has tokens. ``options`` may have another
    ``dtype``."""
    with base_weights(plan, checkpoint, drop_note) as base:
        before = load_config(plan.model, base.checkpoint, {})
        config = _with_vocabulary_of(before, config)
        auto_model = plan.task.component.auto_model
        options = {"dtype": dtype_to_load(plan, before), **options}
        model, _ = load_model(plan.model, base.checkpoint, config, auto_model, drop_note, options)
    grow_embeddings(model, tokenizer, drop_note)
    return model


def locked_checkpoint(plan: Plan, run_dir: RunDirectory) -> Checkpoint:
    """The checkpoint of a run, at the commit in its lock."""
    assert plan.model.checkpoint is not None  # an adapter has pretrained weights below it
    checkpoint = locate(plan.model.checkpoint, plan.model.revision)
    if not checkpoint.is_hub:
        return checkpoint
    locked = (run_dir.read_json("lock.json").get("model") or {}).get("revision")
    if locked is None or locked == plan.mask(checkpoint.revision or ""):  # the lock has no secrets
        return checkpoint
    return replace(checkpoint, revision=locked)


def plan_of_run(run_dir: RunDirectory) -> Plan:
    """The plan of a run, from its resolved spec.

    Raises:
        RunError: it cannot be read, or a plugin of the run is not installed.
    """
    found = Collector()
    source = read_source(run_dir.resolved_spec, found)
    document = None
    if source is not None:
        document = load_document(source, found, environment=_Environment(os.environ))
    plan = build_plan(document, build_registry(), found) if document is not None else None
    if plan is None or found.has_errors:
        raise RunError(
            f'the spec of the run in "{run_dir.path}" cannot be read',
            slug="no-run",
            at=_AT,
            helps=tuple(one.headline for one in found)[:1],
        )
    return plan


class _Environment(dict[str, str]):
    """The environment, where a variable that is not set reads as empty: what an earlier run read
    from it is mostly not needed."""

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key, "")


def _has_same_adapter(plan: Plan, earlier: Plan) -> bool:
    if plan.adapter is None or earlier.adapter is None:
        return False
    is_same_model = plan.task.component.auto_model == earlier.task.component.auto_model
    return is_same_model and plan.adapter.to_spec() == earlier.adapter.to_spec()


def _write_merged(plan: Plan, run_dir: RunDirectory, folder: str) -> None:
    """Merge the adapter of a run, in fp32 and without the quantization of its checkpoint."""
    config = AutoConfig.from_pretrained(run_dir.model)
    tokenizer = AutoTokenizer.from_pretrained(run_dir.model)
    checkpoint = locked_checkpoint(plan, run_dir)
    adapter = build_adapter(plan, checkpoint.revision, drop_note)
    model = load_base(plan, checkpoint, config, tokenizer, {"dtype": torch.float32})
    merged: Any = adapter.merge(adapter.load(model, run_dir.model))
    merged.save_pretrained(folder)


def _with_vocabulary_of(before: PretrainedConfig, config: PretrainedConfig) -> PretrainedConfig:
    """The configuration with the vocabulary size from ``before`` the embeddings grew. Weights of
    another shape would not be loaded."""
    config = copy.deepcopy(config)
    size = getattr(before.get_text_config(), "vocab_size", None)
    if size is not None:  # a model that reads characters has no vocabulary
        config.get_text_config().vocab_size = size
    return config
