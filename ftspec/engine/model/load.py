"""From a checkpoint or a configuration to a model with weights."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pickle import UnpicklingError
from types import MappingProxyType
from typing import Any

import torch
import transformers
from huggingface_hub.utils import httpx
from safetensors import SafetensorError
from transformers import PretrainedConfig, PreTrainedModel

from ftspec.engine.model.checkpoint import Checkpoint, has_file
from ftspec.engine.model.head import Head
from ftspec.engine.model.load_errors import (
    cannot_create,
    cannot_load,
    is_wrong_architecture,
    unreadable_weights,
    unusable_attention,
    wrong_architecture,
)
from ftspec.engine.patches.safetensors_conversion import no_safetensors_conversion
from ftspec.engine.progress.run_log import Note
from ftspec.spec.model import ModelSection

_PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")
_SAFETENSORS = ("model.safetensors", "model.safetensors.index.json")
_NAMES_SHOWN = 4


def load_model(
    model: ModelSection,
    checkpoint: Checkpoint | None,
    config: PretrainedConfig,
    auto_model: str,
    note: Note,
    options: Mapping[str, Any] = MappingProxyType({}),
    head: Head | None = None,
) -> tuple[PreTrainedModel, tuple[str, ...]]:
    """The model, and the names of its weights that the checkpoint does not have.

    Weights are in fp32, unless the ``options``, which are further arguments of
    ``from_pretrained``, have a ``dtype``. A ``head`` with other labels than that of the checkpoint
    has new weights.

    Raises:
        RunError: the checkpoint has no weights for such a model.
    """
    if model.init == "random" or checkpoint is None:
        return _create(model, config, auto_model, note, options), ()
    loaded, report = _load_pretrained(model, checkpoint, config, auto_model, note, options)
    absent = {*report["missing_keys"], *(entry[0] for entry in report["mismatched_keys"])}
    new = sorted(absent | (head.settle(loaded, report, note) if head is not None else set()))
    if new:
        more = f" and {len(new) - _NAMES_SHOWN} more" if len(new) > _NAMES_SHOWN else ""
        note(f"new weights to train: {', '.join(new[:_NAMES_SHOWN])}{more}")
    return loaded, tuple(new)


def _create(
    model: ModelSection,
    config: PretrainedConfig,
    auto_model: str,
    note: Note,
    options: Mapping[str, Any],
) -> PreTrainedModel:
    """A model with random weights."""
    try:
        created: Any = getattr(transformers, auto_model).from_config(config)
    except ImportError as error:
        raise unusable_attention(model, error) from error
    except (ValueError, TypeError, KeyError, ArithmeticError) as error:
        raise cannot_create(error, config, auto_model) from error
    note(f"the model starts from random weights: {created.num_parameters():,} parameters")
    random_model: PreTrainedModel = created.to(options.get("dtype", torch.float32))
    return random_model


def _load_pretrained(
    model: ModelSection,
    checkpoint: Checkpoint,
    config: PretrainedConfig,
    auto_model: str,
    note: Note,
    options: Mapping[str, Any],
) -> tuple[PreTrainedModel, dict[str, Any]]:
    """The model, and what transformers reports of its weights."""
    is_pickled = not has_file(checkpoint, _SAFETENSORS) and has_file(checkpoint, _PICKLES)
    if is_pickled:
        note(
            f'"{checkpoint.name}" has no safetensors: its pickled weights are loaded weights-only, '
            "so that no code in them can run"
        )
    try:
        with no_safetensors_conversion() if is_pickled else nullcontext():
            loaded, report = getattr(transformers, auto_model).from_pretrained(
                checkpoint.name,
                revision=checkpoint.revision,
                config=config,
                use_safetensors=not is_pickled,
                weights_only=True,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
                **{"dtype": torch.float32, **options},
                trust_remote_code=model.trust_remote_code,
            )
    except ImportError as error:
        raise unusable_attention(model, error) from error
    except ValueError as error:
        if is_wrong_architecture(error):
            raise wrong_architecture(config, auto_model) from error
        raise cannot_load(error, checkpoint) from error
    except (OSError, httpx.HTTPError) as error:
        raise cannot_load(error, checkpoint) from error
    except (UnpicklingError, SafetensorError, EOFError) as error:
        raise unreadable_weights(checkpoint, is_pickled) from error
    return loaded, report
