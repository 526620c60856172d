"""Attention for rows that lie one after the other in a line, with nothing installed but torch.

On a CUDA device the kernel of variable length computes that torch's own
``scaled_dot_product_attention`` computes with for nested tensors (FlashAttention-2); elsewhere one
row is computed after the other, and tokens behind the last get noughts. Batches that are not flat
are computed as ``sdpa`` does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import (
    bidirectional_mask_function,
    flash_attention_mask,
    sdpa_mask,
)

BY_ROWS = "by_rows"
"""The name that transformers knows it by."""

_WIDEST = 192
"""Numbers a head has at most: beyond that the kernel has no gradient on some devices."""

_NOT_COMPUTED = ("softcap", "s_aux", "position_bias", "cache")


def register_row_attention() -> None:
    """Let models of transformers take it."""
    AttentionInterface.register(BY_ROWS, attend_by_rows)
    AttentionMaskInterface.register(BY_ROWS, _mask)


def attend_by_rows(
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
    """Attention as transformers calls it: of queries of shape (1, heads, tokens, width) and keys
    and values with as many heads or a part of them; of the result heads come behind the tokens.

    ``cu_seq_lens_q``, shape (rows + 1,), are the edges between rows; no token sees one of another
    row, or, where attention is causal, one behind it.

    Raises:
        ValueError: the model asks for attention of another kind.
    """
    if cu_seq_lens_q is None or max_length_q is None:
        if attention_mask is not None and attention_mask.ndim == 2:
            attention_mask = attention_mask[:, None, None].bool()
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout, scaling, is_causal, **options
        )
    causal = getattr(module, "is_causal", True) if is_causal is None else is_causal
    named = [name for name in _NOT_COMPUTED if options.get(name) is not None]
    if named or (sliding_window and not causal):
        named = named or ["a window to both sides"]
        raise ValueError(f"rows of a line are not computed with {', '.join(named)}")
    if sliding_window is None and _has_window(module, max_length_q):
        raise ValueError("the model tells its window to masks alone")
    window = sliding_window if sliding_window and sliding_window < max_length_q else None
    how = (dropout, scaling, causal, window)
    if query.device.type != "cuda":
        return _row_by_row(query, key, value, cu_seq_lens_q, *how), None
    line = [one[0].transpose(0, 1) for one in (query, key, value)]
    return _in_one_kernel(line, cu_seq_lens_q, max_length_q, *how)[None], None


def kernel_takes(numbers: torch.Tensor) -> bool:
    """Whether they are, or are computed with, in as many bits as the kernel takes: on a CUDA device
    16, elsewhere as they come."""
    if numbers.device.type != "cuda":
        return True
    return torch.is_autocast_enabled("cuda") or numbers.dtype in (torch.bfloat16, torch.float16)


def _has_window(module: nn.Module, longest: int) -> bool:
    """Whether a layer should not see the whole of a row of ``longest`` tokens."""
    config: Any = getattr(module, "config", None)
    window = getattr(config, "sliding_window", None)
    if not window or window >= longest:
        return False
    kinds = getattr(config, "layer_types", None)
    return kinds is None or kinds[getattr(module, "layer_idx", 0)] == "sliding_attention"


def _in_one_kernel(
    line: list[torch.Tensor],
    edges: torch.Tensor,
    longest: int,
    dropout: float,
    scaling: float | None,
    causal: bool,
    window: int | None,
) -> torch.Tensor:
    if torch.is_autocast_enabled("cuda"):  # positions that rotate are computed in 32 bits
        line = [one.to(torch.get_autocast_dtype("cuda")) for one in line]
    if line[0].shape[-1] > _WIDEST:
        raise ValueError(f"heads are wider than {_WIDEST}")
    attended, *_ = torch.ops.aten._flash_attention_forward(
        *line,
        edges,
        edges,
        longest,
        longest,
        dropout,
        causal,
        False,  # no mask of what was dropped
        scale=scaling,
        window_size_left=None if window is None else window - 1,
        window_size_right=None if window is None else 0,
    )
    result: torch.Tensor = attended
    return result


def _row_by_row(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    edges: torch.Tensor,
    dropout: float,
    scaling: float | None,
    causal: bool,
    window: int | None,
) -> torch.Tensor:
    """Shape (1, tokens, heads, width)."""
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    lengths = edges.diff().tolist()
    near = None
    if window is not None or (causal and dropout):  # else torch knows what is near
        near = _near(max(lengths), window, query.device)
    if dropout:
        return _attend_and_drop(query, key, value, lengths, dropout, scale, near)

    def attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        return functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=None if near is None else near[: query.shape[2], : query.shape[2]],
            is_causal=causal and near is None,
            scale=scale,
            enable_gqa=query.shape[1] != key.shape[1],
        )

    return _each_row(attend, (query, key, value), lengths)


def _attend_and_drop(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    lengths: list[int],
    dropout: float,
    scale: float,
    near: torch.Tensor | None,
) -> torch.Tensor:
    """What torch computes where something is dropped, in less time: all of it has 32 bits there,
    and tokens that see nothing are looked for. Here scores and their softmax have 32 bits; values
    are weighted in as many as they have, as in FlashAttention."""
    device, kind = query.device.type, value.dtype
    if torch.is_autocast_enabled(device):
        kind = torch.get_autocast_dtype(device)
    wide = torch.promote_types(kind, torch.float32)
    shared = query.shape[1] // key.shape[1]  # queries that have the same keys
    unseen = None
    if near is not None:
        unseen = torch.zeros_like(near, dtype=wide).masked_fill(~near, -torch.inf)

    def attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        tokens = query.shape[2]
        if unseen is None:
            scores = torch.bmm(query[0], key[0].transpose(1, 2))
        else:
            scores = torch.baddbmm(unseen[:tokens, :tokens], query[0], key[0].transpose(1, 2))
        weights = functional.dropout(scores.softmax(dim=-1).to(kind), dropout)
        return torch.bmm(weights, value[0])[None]

    with torch.autocast(device, enabled=False):
        if shared > 1:
            key, value = (one.repeat_interleave(shared, dim=1) for one in (key, value))
        line = (query.to(wide) * scale, key.to(wide), value.to(kind))
        return _each_row(attend, line, lengths)


def _each_row(
    attend: Callable[..., torch.Tensor], line: tuple[torch.Tensor, ...], lengths: list[int]
) -> torch.Tensor:
    """What each row of a line attends to, shape (1, tokens, heads, width); noughts for what is
    behind the last."""
    behind = line[0].shape[2] - sum(lengths)
    # parted at once, for the gradient of a part taken alone is as large as the whole
    parts = [torch.split(one, [*lengths, behind], dim=2)[: len(lengths)] for one in line]
    rows = [attend(*row).transpose(1, 2) for row in zip(*parts, strict=True)]
    attended = torch.cat(rows, dim=1)
    return functional.pad(attended, (0, 0, 0, 0, 0, behind)) if behind else attended


def _near(tokens: int, window: int | None, device: torch.device) -> torch.Tensor:
    """Which tokens each sees: itself and those before it, ``window`` together."""
    sees = torch.ones(tokens, tokens, dtype=torch.bool, device=device).tril()
    return sees if window is None else sees.triu(1 - window)


def _mask(*arguments: Any, **settings: Any) -> torch.Tensor | None:
    """That of ``sdpa``. But which tokens are text, shape (rows, width), where each sees all of its
    row; and none where positions that begin anew would say what edges do, in as many numbers as the
    line has tokens, squared."""
    if settings.get("mask_function") is bidirectional_mask_function:
        text: torch.Tensor | None = flash_attention_mask(*arguments, **settings)
        return text
    is_packed = not settings.get("allow_is_causal_skip", True)
    if is_packed and settings.get("attention_mask") is None:
        return None
    mask: torch.Tensor | None = sdpa_mask(*arguments, **settings)
    return mask
