"""Variable-length attention: rows of a packed sequence, with nothing installed but torch.

On a CUDA device it calls the kernel that torch's own ``scaled_dot_product_attention`` uses for
nested tensors (FlashAttention-2). Elsewhere it computes one row after the other. Batches that are
not packed are computed as ``sdpa`` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import bidirectional_mask_function

VARIABLE_LENGTH = "variable_length"
"""The name under which transformers knows it."""

_attentions: Any = AttentionInterface()  # type: ignore[no-untyped-call]
_masks: Any = AttentionMaskInterface()  # type: ignore[no-untyped-call]

_WIDEST_HEAD = 192
"""With more numbers in a head the kernel has no gradient on some devices."""

_NOT_COMPUTED = ("softcap", "s_aux", "position_bias", "cache")


@dataclass(frozen=True)
class _Settings:
    """How tokens attend: ``window`` is how many each sees, itself included."""

    dropout: float
    scale: float | None
    causal: bool
    window: int | None


def register_variable_length_attention() -> None:
    """Let models of transformers use it.

    The name stays registered, since models have it in their configuration. Nothing that
    transformers has itself is replaced.
    """
    AttentionInterface.register(VARIABLE_LENGTH, attend_variable_length)
    AttentionMaskInterface.register(VARIABLE_LENGTH, _mask)


def attend_variable_length(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    is_causal: bool | None = None,
    sliding_window: int | None = None,
    cu_seq_lens_q: torch.Tensor | None = None,
    max_length_q: int | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Attention as transformers calls it. Queries have shape (1, heads, tokens, width); keys and
    values have as many heads, or fewer that are shared. The result has shape (1, tokens, heads,
    width).

    ``cu_seq_lens_q``, shape (rows + 1,), holds the boundaries between rows. No token sees a token
    of another row, or, if attention is causal, a later one.

    Raises:
        ValueError: the model asks for attention of another kind.
    """
    if cu_seq_lens_q is None or max_length_q is None:
        if attention_mask is not None and attention_mask.ndim == 2:
            attention_mask = attention_mask[:, None, None].bool()
        attended: tuple[torch.Tensor, None] = _attentions["sdpa"](
            module, query, key, value, attention_mask, dropout, scaling, is_causal, **options
        )
        return attended
    causal = getattr(module, "is_causal", True) if is_causal is None else is_causal
    named = [name for name in _NOT_COMPUTED if options.get(name) is not None]
    if named or (sliding_window and not causal):
        named = named or ["a window to both sides"]
        raise ValueError(f"packed sequences are not computed with {', '.join(named)}")
    if sliding_window is None and _has_window(module, max_length_q):
        raise ValueError("the model passes its window to masks alone")
    window = sliding_window if sliding_window and sliding_window < max_length_q else None
    settings = _Settings(dropout, scaling, causal, window)
    if query.device.type != "cuda":
        return _attend_row_by_row(query, key, value, cu_seq_lens_q, settings), None
    packed = [one[0].transpose(0, 1) for one in (query, key, value)]
    return _attend_in_kernel(packed, cu_seq_lens_q, max_length_q, settings)[None], None


def kernel_takes(numbers: torch.Tensor) -> bool:
    """Whether the kernel computes with such numbers: on a CUDA device with 16 bits, which may come
    from autocast, elsewhere with any."""
    if numbers.device.type != "cuda":
        return True
    return torch.is_autocast_enabled("cuda") or numbers.dtype in (torch.bfloat16, torch.float16)


def _has_window(module: nn.Module, longest: int) -> bool:
    """Whether the tokens of a layer see only a part of a row of ``longest`` tokens."""
    config: Any = getattr(module, "config", None)
    window = getattr(config, "sliding_window", None)
    if not window or window >= longest:
        return False
    kinds = getattr(config, "layer_types", None)
    return kinds is None or kinds[getattr(module, "layer_idx", 0)] == "sliding_attention"


def _attend_in_kernel(
    packed: list[torch.Tensor], boundaries: torch.Tensor, longest: int, settings: _Settings
) -> torch.Tensor:
    """Shape (tokens, heads, width), as the queries, keys and values that are ``packed``."""
    if torch.is_autocast_enabled("cuda"):  # rotary positions are computed in 32 bits
        packed = [one.to(torch.get_autocast_dtype("cuda")) for one in packed]
    if packed[0].shape[-1] > _WIDEST_HEAD:
        raise ValueError(f"heads are wider than {_WIDEST_HEAD}")
    window = settings.window
    attended, *_ = torch.ops.aten._flash_attention_forward(
        *packed,
        boundaries,
        boundaries,
        longest,
        longest,
        settings.dropout,
        settings.causal,
        False,  # the mask of dropout is not returned
        scale=settings.scale,
        window_size_left=None if window is None else window - 1,
        window_size_right=None if window is None else 0,
    )
    result: torch.Tensor = attended
    return result


def _attend_row_by_row(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    boundaries: torch.Tensor,
    settings: _Settings,
) -> torch.Tensor:
    """Shape (1, tokens, heads, width)."""
    scale = query.shape[-1] ** -0.5 if settings.scale is None else settings.scale
    lengths = boundaries.diff().tolist()
    visible = None
    if settings.window is not None or (settings.causal and settings.dropout):
        visible = _visible(max(lengths), settings.window, query.device)
    if settings.dropout:
        return _attend_with_dropout(query, key, value, lengths, settings.dropout, scale, visible)

    def attend_row(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        tokens = query.shape[2]
        return functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=None if visible is None else visible[:tokens, :tokens],
            is_causal=settings.causal and visible is None,
            scale=scale,
            enable_gqa=query.shape[1] != key.shape[1],
        )

    return _each_row(attend_row, (query, key, value), lengths)


def _attend_with_dropout(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    lengths: list[int],
    dropout: float,
    scale: float,
    visible: torch.Tensor | None,
) -> torch.Tensor:
    """The same as torch, in less time. With dropout torch computes all of it in 32 bits and looks
    for tokens that see nothing. Here scores and their softmax have 32 bits, and values are weighted
    in the bits that they have, as in FlashAttention."""
    device, kind = query.device.type, value.dtype
    if torch.is_autocast_enabled(device):
        kind = torch.get_autocast_dtype(device)
    wide = torch.promote_types(kind, torch.float32)
    queries_of_key = query.shape[1] // key.shape[1]
    bias = None
    if visible is not None:
        bias = torch.zeros_like(visible, dtype=wide).masked_fill(~visible, -torch.inf)

    def attend_row(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        tokens = query.shape[2]
        if bias is None:
            scores = torch.bmm(query[0], key[0].transpose(1, 2))
        else:
            scores = torch.baddbmm(bias[:tokens, :tokens], query[0], key[0].transpose(1, 2))
        weights = functional.dropout(scores.softmax(dim=-1).to(kind), dropout)
        return torch.bmm(weights, value[0])[None]

    with torch.autocast(device, enabled=False):
        if queries_of_key > 1:
            key, value = (one.repeat_interleave(queries_of_key, dim=1) for one in (key, value))
        packed = (query.to(wide) * scale, key.to(wide), value.to(kind))
        return _each_row(attend_row, packed, lengths)


def _each_row(
    attend_row: Callable[..., torch.Tensor], packed: tuple[torch.Tensor, ...], lengths: list[int]
) -> torch.Tensor:
    """The results of all rows, shape (1, tokens, heads, width)."""
    # split at once: the gradient of one slice is as large as the whole tensor
    parts = [torch.split(one, lengths, dim=2) for one in packed]
    return torch.cat([attend_row(*row).transpose(1, 2) for row in zip(*parts, strict=True)], dim=1)


def _visible(tokens: int, window: int | None, device: torch.device) -> torch.Tensor:
    """Which tokens each token sees: itself and those before it, at most ``window`` together."""
    sees = torch.ones(tokens, tokens, dtype=torch.bool, device=device).tril()
    return sees if window is None else sees.triu(1 - window)


def _mask(*arguments: Any, **settings: Any) -> torch.Tensor | None:
    """The mask of ``sdpa``, with two exceptions. Where each token sees all of its row, the mask
    says which tokens are text, shape (rows, width). Where rows are packed there is no mask: it
    would repeat what the boundaries say, in tokens squared numbers."""
    if settings.get("mask_function") is bidirectional_mask_function:
        text: torch.Tensor | None = _masks["flash_attention_2"](*arguments, **settings)
        return text
    is_packed = not settings.get("allow_is_causal_skip", True)
    if is_packed and settings.get("attention_mask") is None:
        return None
    mask: torch.Tensor | None = _masks["sdpa"](*arguments, **settings)
    return mask
