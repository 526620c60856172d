"""Encoders whose layers compute no padding.

Embeddings and heads get padded batches, as always. Between them, where nearly all the time goes,
the tokens of all rows are one packed sequence, and variable-length attention keeps rows apart.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.utils import ModelOutput

from ftspec.engine.batching.packed_sequence import attention_arguments, boundaries_between
from ftspec.engine.model.variable_length_attention import kernel_takes

_ARGUMENTS = ("hidden_states", "attention_mask")
"""The first arguments of layers."""

_PACKED = "packed_tokens"
"""The option under which the layers pass on where their tokens are. Attention ignores it."""


class PackedTokens(NamedTuple):
    """Where in a padded batch of ``rows`` and ``width`` the tokens of text are: one number for
    each, counted along the rows."""

    at: torch.Tensor
    rows: int
    width: int

    def take(self, padded: torch.Tensor) -> torch.Tensor:
        """From shape (rows, width, size) to shape (1, tokens, size)."""
        return padded.flatten(0, 1).index_select(0, self.at)[None]

    def put_back(self, packed: torch.Tensor) -> torch.Tensor:
        """From shape (1, tokens, size) to shape (rows, width, size), with zeros for padding."""
        padded = packed.new_zeros(self.rows * self.width, packed.shape[-1])
        return padded.index_copy(0, self.at, packed[0]).view(self.rows, self.width, -1)


def find_layers(model: nn.Module) -> nn.Module | None:
    """The part of an encoder that is its layers alone: it takes hidden states and returns hidden
    states. ``None`` if there is no such part, or more than one."""
    parts = [part for part in model.modules() if isinstance(part, PreTrainedModel)]
    if any(part.config.is_encoder_decoder for part in parts):
        return None
    stacks = [child for part in parts for child in part.children() if _is_stack(child)]
    return stacks[0] if len(stacks) == 1 else None


def first_layer(layers: nn.Module) -> nn.Module:
    """The first of the layers that were found."""
    return next(iter(_lists_of(layers)))[0]


def last_of(output: Any) -> torch.Tensor:
    """The hidden states in the output of layers."""
    if isinstance(output, torch.Tensor):
        return output
    hidden: torch.Tensor = output[0]  # of a ``ModelOutput`` too
    return hidden


def with_last(output: Any, hidden: torch.Tensor) -> Any:
    """The output of layers, with other hidden states."""
    if isinstance(output, torch.Tensor):
        return hidden
    if isinstance(output, ModelOutput):
        output["last_hidden_state"] = hidden
        return output
    return (hidden, *output[1:])


def unpad(layers: nn.Module) -> list[torch.utils.hooks.RemovableHandle]:
    """Let layers compute the tokens of text alone, wherever attention passes on the mask of rows
    unchanged. Removing the handles undoes it."""
    return [
        layers.register_forward_pre_hook(_pack, with_kwargs=True),
        layers.register_forward_hook(_unpack, with_kwargs=True),
    ]


def _is_stack(part: nn.Module) -> bool:
    names = list(inspect.signature(part.forward).parameters)
    return names[:2] == list(_ARGUMENTS) and any(True for _ in _lists_of(part))


def _lists_of(part: nn.Module) -> Iterator[nn.ModuleList]:
    return (child for child in part.children() if isinstance(child, nn.ModuleList) and len(child))


def _pack(
    layers: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    given = options | dict(zip(_ARGUMENTS, arguments, strict=False))
    hidden, mask = (given.get(name) for name in _ARGUMENTS)
    if not isinstance(hidden, torch.Tensor) or not isinstance(mask, torch.Tensor):
        return None
    if mask.shape != hidden.shape[:2] or not kernel_takes(hidden):
        return None
    mask = mask.bool()
    packed = PackedTokens(mask.flatten().nonzero()[:, 0], *mask.shape)
    # no row is longer than the width: to ask the device how long they are would wait for it
    attention = attention_arguments(boundaries_between(mask.sum(dim=1)), packed.width)
    rest = {name: value for name, value in options.items() if name not in _ARGUMENTS}
    rest |= {**attention, _PACKED: packed}
    return (packed.take(hidden), None, *arguments[len(_ARGUMENTS) :]), rest


def _unpack(
    layers: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any], output: Any
) -> Any:
    packed: PackedTokens | None = options.get(_PACKED)
    return None if packed is None else with_last(output, packed.put_back(last_of(output)))
