"""The trained model of a run, read back from its run directory."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from torch import nn
from transformers import (
    AutoConfig,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from ftspec.engine.data.task import build_task, lengths_of
from ftspec.engine.model.adapter import build_adapter
from ftspec.engine.model.checkpoint import Checkpoint, locate
from ftspec.engine.model.config import load_config
from ftspec.engine.model.load import load_model
from ftspec.engine.model.vocabulary import grow_embeddings
from ftspec.engine.progress.run_log import Note
from ftspec.engine.run.opening import require_model
from ftspec.errors import RunError, in_one_line
from ftspec.planning.plan import Plan
from ftspec.protocols import Adapter, Task
from ftspec.rundir import RunDirectory


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """The result of a run. ``module`` is the model, or the checkpoint with the adapter on top."""

    config: PretrainedConfig
    tokenizer: PreTrainedTokenizerBase
    module: nn.Module
    adapter: Adapter | None


def load_trained(
    plan: Plan, run_dir: RunDirectory, note: Note, *, is_quantized: bool = True
) -> TrainedModel:
    """The model of a run, in fp32 and ready to predict. The checkpoint below an adapter is
    quantized as in training, unless ``is_quantized`` is off.

    Raises:
        RunError: the run has no model, or its checkpoint is not found.
        MissingExtraError: a package is not installed.
    """
    require_model(run_dir)
    folder = str(run_dir.model)
    adapter = None
    if plan.adapter is not None:
        adapter = build_adapter(plan, _locked(plan, run_dir).revision, note)
    try:
        config = AutoConfig.from_pretrained(folder)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        if adapter is None:
            module = _load_whole(plan, folder)
        else:
            options = adapter.load_options() if is_quantized else {}
            base = _load_base(plan, run_dir, config, tokenizer, options, note)
            module = adapter.load(base, run_dir.model)
    except (OSError, ValueError, SafetensorError) as error:
        raise RunError(
            f'the model in "{folder}" cannot be read: {in_one_line(error)}',
            slug="no-model",
        ) from error
    return TrainedModel(config=config, tokenizer=tokenizer, module=module.eval(), adapter=adapter)


def restore_task(plan: Plan, trained: TrainedModel, note: Note) -> Task:
    """The task as at the end of training."""
    lengths = lengths_of(plan, trained.tokenizer, trained.config, note)
    task = build_task(plan, trained.tokenizer, lengths, note)
    task.restore(trained.config)
    return task


def _load_whole(plan: Plan, folder: str) -> nn.Module:
    auto_class = getattr(transformers, _auto_model(plan))
    module: nn.Module = auto_class.from_pretrained(folder, dtype=torch.float32)
    return module


def _load_base(
    plan: Plan,
    run_dir: RunDirectory,
    config: PretrainedConfig,
    tokenizer: PreTrainedTokenizerBase,
    options: Mapping[str, Any],
    note: Note,
) -> PreTrainedModel:
    """The checkpoint as the run loaded it: at the commit in the run's lock, with as many embeddings
    as the tokenizer has tokens."""
    checkpoint = _locked(plan, run_dir)
    config = _with_vocabulary_of(load_config(plan.model, checkpoint, {}), config)
    model, _ = load_model(plan.model, checkpoint, config, _auto_model(plan), _unsaid, options)
    grow_embeddings(model, tokenizer, note)
    return model


def _with_vocabulary_of(before: PretrainedConfig, config: PretrainedConfig) -> PretrainedConfig:
    """The configuration with the vocabulary size from ``before`` the embeddings grew. Weights of
    another shape would not be loaded."""
    config = copy.deepcopy(config)
    size = getattr(before.get_text_config(), "vocab_size", None)
    if size is not None:  # a model that reads characters has no vocabulary
        config.get_text_config().vocab_size = size
    return config


def _locked(plan: Plan, run_dir: RunDirectory) -> Checkpoint:
    assert plan.model.checkpoint is not None  # an adapter has pretrained weights below it
    checkpoint = locate(plan.model.checkpoint, plan.model.revision)
    if not checkpoint.is_hub:
        return checkpoint
    locked = (run_dir.read_json("lock.json").get("model") or {}).get("revision")
    if locked is None or locked == plan.mask(checkpoint.revision or ""):  # the lock has no secrets
        return checkpoint
    return replace(checkpoint, revision=locked)


def _auto_model(plan: Plan) -> str:
    return plan.task.component.auto_model


def _unsaid(note: str) -> None:
    """Drop a note: the checkpoint lacks a head, which the files of the adapter have."""
