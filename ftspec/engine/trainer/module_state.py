"""The state of a model's modules, which a computation may change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

Values = dict[str, Any]


@contextmanager
def unchanged(model: nn.Module) -> Iterator[None]:
    """Put the modules of a model back as they were: some count what routers chose, or change their
    attention for good when rows are short. Parameters are not copied, and have no gradient
    afterwards."""
    before = [(vars(module), _copied(vars(module))) for module in model.modules()]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        yield
    finally:
        model.zero_grad()
        for now, values in before:
            _put_back(now, values)
        with torch.no_grad():
            for buffer, value in buffers:
                buffer.copy_(value)


def _copied(values: Values) -> list[tuple[str, Any, Values | None]]:
    """The name and the value of each, and the entries of those that are mappings, such as the
    submodules."""
    return [
        (name, value, dict(value) if isinstance(value, dict) else None)
        for name, value in values.items()
    ]


def _put_back(now: Values, before: list[tuple[str, Any, Values | None]]) -> None:
    now.clear()
    for name, value, entries in before:
        now[name] = value
        if entries is not None:
            value.clear()
            value.update(entries)
