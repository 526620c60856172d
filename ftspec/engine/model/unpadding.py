"""Encoders whose layers compute no padding.

Embeddings and heads get padded batches, as ever. Between them, where nearly all the time goes, the
tokens of all rows lie in one line, and attention by rows keeps them apart.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.utils.generic import ModelOutput

from ftspec.engine.batching.packed_sequence import edges_between, told_to_attention
from ftspec.engine.batching.sizes import round_up
from ftspec.engine.model.variable_length_attention import kernel_takes

_GIVEN = ("hidden_states", "attention_mask")
"""What layers are given first."""

_LINE = "line"
"""The option under which layers hand on how their tokens lie; attention does not look at it."""


class Line(NamedTuple):
    """Where in a padded batch of ``rows`` and ``width`` the tokens of a line are, one number for
    each, counted along the rows; behind them are ``filling`` tokens that mean nothing."""

    at: torch.Tensor
    filling: int
    rows: int
    width: int

    def take(self, padded: torch.Tensor) -> torch.Tensor:
        """Of a tensor of shape (rows, width, size), shape (1, tokens, size)."""
        at = torch.cat((self.at, self.at[:1].expand(self.filling))) if self.filling else self.at
        return padded.flatten(0, 1).index_select(0, at)[None]

    def put_back(self, line: torch.Tensor) -> torch.Tensor:
        """What was taken, with noughts for padding."""
        padded = line.new_zeros(self.rows * self.width, line.shape[-1])
        text = line[0, : len(self.at)]
        return padded.index_copy(0, self.at, text).view(self.rows, self.width, -1)


def find_layers(model: nn.Module) -> nn.Module | None:
    """The part of an encoder that is its layers alone: hidden states come in, and go out. A model
    of several stacks has no such part."""
    parts = [part for part in model.modules() if isinstance(part, PreTrainedModel)]
    if any(part.config.is_encoder_decoder for part in parts):
        return None
    stacks = [child for part in parts for child in part.children() if _is_stack(child)]
    return stacks[0] if len(stacks) == 1 else None


def first_layer(layers: nn.Module) -> nn.Module:
    """The first of the layers that were found."""
    return next(iter(_lists_of(layers)))[0]


def last_of(output: Any) -> torch.Tensor:
    """The hidden states in what layers give."""
    if isinstance(output, torch.Tensor):
        return output
    hidden: torch.Tensor = output[0]  # of a ``ModelOutput`` too
    return hidden


def with_last(output: Any, hidden: torch.Tensor) -> Any:
    """What layers give, with other hidden states."""
    if isinstance(output, torch.Tensor):
        return hidden
    if isinstance(output, ModelOutput):
        output["last_hidden_state"] = hidden
        return output
    return (hidden, *output[1:])


def unpad(layers: nn.Module, multiple: int = 1) -> list[torch.utils.hooks.RemovableHandle]:
    """Let layers compute the tokens of text alone, wherever attention hands on the mask of rows as
    it is, or a few more, so that they are a multiple of some; removing what this gives undoes
    it."""
    return [
        layers.register_forward_pre_hook(partial(_into_line, multiple), with_kwargs=True),
        layers.register_forward_hook(_into_rows, with_kwargs=True),
    ]


def _is_stack(part: nn.Module) -> bool:
    names = list(inspect.signature(part.forward).parameters)
    return names[:2] == list(_GIVEN) and any(True for _ in _lists_of(part))


def _lists_of(part: nn.Module) -> Iterator[nn.ModuleList]:
    return (child for child in part.children() if isinstance(child, nn.ModuleList) and len(child))


def _into_line(
    multiple: int, layers: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    given = options | dict(zip(_GIVEN, arguments, strict=False))
    hidden, mask = (given.get(name) for name in _GIVEN)
    if not isinstance(hidden, torch.Tensor) or not isinstance(mask, torch.Tensor):
        return None
    if mask.shape != hidden.shape[:2] or not kernel_takes(hidden):
        return None
    mask = mask.bool()
    at = mask.flatten().nonzero()[:, 0]
    line = Line(at, round_up(len(at), multiple) - len(at), *mask.shape)
    # no row is longer than the width; how long they are the device knows, and is not waited for
    told = told_to_attention(edges_between(mask.sum(dim=1)), line.width)
    rest = {name: value for name, value in options.items() if name not in _GIVEN}
    return (line.take(hidden), None, *arguments[len(_GIVEN) :]), {**rest, **told, _LINE: line}


def _into_rows(
    layers: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any], output: Any
) -> Any:
    line: Line | None = options.get(_LINE)
    return None if line is None else with_last(output, line.put_back(last_of(output)))
