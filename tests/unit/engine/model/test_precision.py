"""The numbers a machine computes in."""

from __future__ import annotations

import platform

import pytest
import torch

from ftspec.engine.model.precision import resolve_precision
from ftspec.errors import RunError


@pytest.mark.parametrize("wanted", ["fp32", "bf16"])
@pytest.mark.parametrize("use_cpu", [True, False])
def test_the_spec_decides(wanted: str, use_cpu: bool) -> None:
    assert resolve_precision(wanted, use_cpu) == (wanted, "the spec says so")


@pytest.mark.parametrize(
    ("has_device", "use_cpu", "computes"),
    [(True, False, True), (True, True, False), (False, False, False)],
)
def test_a_cpu_computes_nothing_in_fp16(
    has_device: bool, use_cpu: bool, computes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: has_device)
    if computes:
        assert resolve_precision("fp16", use_cpu) == ("fp16", "the spec says so")
        return
    with pytest.raises(RunError, match="a CPU does not compute in fp16") as caught:
        resolve_precision("fp16", use_cpu)
    assert caught.value.at == ("performance", "precision")


@pytest.mark.parametrize(
    ("capability", "expected"),
    [
        ((9, 0), "bf16"),
        ((8, 0), "bf16"),
        ((7, 5), "fp32"),
    ],
)
def test_auto_asks_the_gpu(
    capability: tuple[int, int], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the answers of three cards; this machine need not have them
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a card")
    precision, why = resolve_precision("auto", use_cpu=False)
    assert precision == expected
    assert why.startswith(f"a card (compute capability {capability[0]}.{capability[1]})")


@pytest.mark.parametrize(
    ("has_avx", "has_amx", "expected", "reason"),
    [
        (False, False, "fp32", "the CPU has neither AVX512-BF16 nor AMX for bf16"),
        (True, False, "bf16", "the CPU has AVX512-BF16"),
        (False, True, "bf16", "the CPU has AMX"),
        (True, True, "bf16", "the CPU has AVX512-BF16 and AMX"),
    ],
)
def test_auto_asks_the_cpu(
    has_avx: bool, has_amx: bool, expected: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    capabilities = {"architecture": "x86_64", "avx512_bf16": has_avx, "amx_tile": has_amx}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert resolve_precision("auto", use_cpu=True) == (expected, reason)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="other processors have other units")
def test_torch_knows_these_capabilities() -> None:
    # without them auto would quietly be fp32 everywhere
    capabilities = torch.cpu.get_capabilities()
    assert capabilities["avx512_bf16"] in (True, False)
    assert capabilities["amx_tile"] in (True, False)


def test_other_processors_have_none_of_these_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"architecture": "arm64"})
    assert resolve_precision("auto", use_cpu=True)[0] == "fp32"
