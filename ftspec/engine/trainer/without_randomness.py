"""Computing without randomness: dropout keeps everything, and noise has its mean."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

_SEED = 0

_DROPOUTS: frozenset[Callable[..., Any]] = frozenset(
    {
        functional.dropout,
        functional.dropout1d,
        functional.dropout2d,
        functional.dropout3d,
        functional.alpha_dropout,
        functional.feature_alpha_dropout,
        torch.dropout,
    }
)
_UNIFORM: frozenset[Callable[..., Any]] = frozenset({torch.rand, torch.rand_like})


@contextmanager
def without_randomness(device: torch.device) -> Iterator[None]:
    """Within this context a model in training mode gives the same for the same rows, however they
    are batched. All random number generators are as before afterwards."""
    with own_randomness(device), _Mean():
        yield


@contextmanager
def own_randomness(device: torch.device) -> Iterator[None]:
    """Random numbers within this context are always the same, and do not change those outside."""
    devices = [device] if device.type != "cpu" else []
    of_python, of_numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices, device_type=device.type):
            torch.manual_seed(_SEED)
            random.seed(_SEED)
            np.random.seed(_SEED)
            yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)


class _Mean(TorchFunctionMode):
    """Replaces random numbers by their mean."""

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Any,
        arguments: tuple[Any, ...] = (),
        options: Mapping[str, Any] | None = None,
    ) -> Any:
        """The result of a function of torch, without chance."""
        options = dict(options or {})
        if function in _DROPOUTS:
            return options["input"] if "input" in options else arguments[0]
        if function is functional.scaled_dot_product_attention:
            # the sixth argument, if it has no name
            arguments = (*arguments[:4], 0.0, *arguments[5:]) if len(arguments) > 4 else arguments
            if "dropout_p" in options:
                options["dropout_p"] = 0.0
        if function in _UNIFORM:
            return function(*arguments, **options).fill_(0.5)
        if function is torch.Tensor.uniform_:
            low, high = _bounds(*arguments[1:], **options)
            return arguments[0].fill_((low + high) / 2)
        if function is torch.Tensor.exponential_:
            return arguments[0].fill_(1.0)
        if function is torch.bernoulli:
            return arguments[0].gt(0.5).to(arguments[0].dtype)
        return function(*arguments, **options)


def _bounds(low: float = 0.0, high: float = 1.0, **options: Any) -> tuple[float, float]:
    """The arguments of ``Tensor.uniform_``, whose names are those of torch."""
    return float(options.get("from", low)), float(options.get("to", high))
