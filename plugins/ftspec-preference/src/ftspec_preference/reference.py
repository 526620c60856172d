"""The reference model, from which training moves the policy away: the model that the run starts
from, or another checkpoint.

The model of an adapter that is trained further starts from the trained adapter, not from the
checkpoint below it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from accelerate.utils import is_peft_model
from torch import nn
from transformers import AutoModelForCausalLM, PreTrainedModel

from ftspec.api import RunError, in_one_line

_TRAINED, _REFERENCE = "default", "ref"  # trl's names of the two adapters


def reference_options(model: Any) -> Mapping[str, Any]:
    """The option of trl for a model that is its own reference.

    An adapter gets a second adapter, which trl adds. A copy of the whole model is needed for full
    fine-tuning, and where weights outside the adapter are trained, such as biases.
    """
    if not is_peft_model(model):
        return {"ref_model": copy.deepcopy(model)}
    if all(_is_of_adapter(name) for name, one in model.named_parameters() if one.requires_grad):
        return {}
    # trl computes log-probabilities in the model below, which has the layers of the adapter
    return {"ref_model": copy.deepcopy(model).get_base_model()}


def load_reference(checkpoint: str, model: Any, at: tuple[str | int, ...]) -> PreTrainedModel:
    """The reference in a checkpoint.

    Raises:
        RunError: it cannot be loaded, or has another vocabulary.
    """
    try:
        reference: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
            checkpoint, dtype=model.dtype
        )
    except (OSError, ValueError) as error:
        raise RunError(
            f'cannot load the reference "{checkpoint}": {in_one_line(error)}',
            slug="preference/reference",
            at=at,
        ) from error
    ours, theirs = model.config.vocab_size, reference.config.vocab_size
    if ours != theirs:
        raise RunError(
            f"the reference has {theirs:,} tokens and the model {ours:,}",
            slug="preference/reference",
            at=at,
            helps=("both must have the same tokenizer",),
        )
    return reference


@contextmanager
def weights_kept(model: nn.Module) -> Iterator[None]:
    """Give trained weights back their values: trl rounds those of an adapter on a quantized
    checkpoint to bf16, in which small updates are lost."""
    weights = {name: one.data for name, one in model.named_parameters() if one.requires_grad}
    yield
    for name, parameter in model.named_parameters():
        if name in weights:
            parameter.data = weights[name].to(parameter.device)


def copy_adapter(model: Any) -> None:
    """Make the adapter of the reference equal to the trained one. The copy by trl leaves out the
    weights of embeddings and the rows of new tokens."""
    if not is_peft_model(model) or _REFERENCE not in model.peft_config:
        return
    import peft  # an optional package; the model is one of its models

    with torch.no_grad():
        weights = peft.get_peft_model_state_dict(
            model, adapter_name=_TRAINED, save_embedding_layers=False
        )
        peft.set_peft_model_state_dict(model, weights, adapter_name=_REFERENCE)


def _is_of_adapter(name: str) -> bool:
    return f".{_TRAINED}." in f"{name}."
