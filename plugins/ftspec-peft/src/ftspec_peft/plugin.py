"""The records of the adapters, and their checks. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterable

from ftspec.api import AdapterComponent, Diagnostic, Document, Plan, hookimpl
from ftspec_peft import checks
from ftspec_peft.config import LoraConfig


@hookimpl
def ftspec_register_adapters() -> Iterable[AdapterComponent]:
    """New weights that are trained instead of all weights."""
    yield AdapterComponent(
        name="lora",
        summary="low-rank matrices added to linear layers; QLoRA with a quantized checkpoint",
        config=LoraConfig,
        factory="ftspec_peft.lora:Lora",
        requires=("peft",),
        install="pip install 'ftspec-peft[train]'",
    )


@hookimpl
def ftspec_check_plan(plan: Plan, spans: Document) -> Iterable[Diagnostic]:
    """Check for keys that contradict each other."""
    return checks.check(plan, spans)
