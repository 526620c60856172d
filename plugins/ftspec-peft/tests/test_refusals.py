"""An adapter that does not fit the model: the message and its place."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import pytest
from adapter_runs import PlanOf

from ftspec.api import RunError
from ftspec.testing.runs import compile_plan

AT = ("model", "adapter")
LAYERS = "its linear layers are query, key, value, dense, classifier"


@pytest.mark.parametrize(
    ("override", "slug", "at", "said"),
    [
        (
            "target_modules=[query, valeu]",
            "peft/unknown-module",
            (*AT, "target_modules", 1),
            ('the model has no module "valeu"', 'did you mean "value"?', LAYERS),
        ),
        (
            "modules_to_save=[qa]",
            "peft/unknown-module",
            (*AT, "modules_to_save", 0),
            ('the model has no module "qa"', LAYERS),
        ),
        (
            "target_modules=query",
            "peft/unknown-module",
            (*AT, "target_modules"),
            ('no module of the model matches "query"', LAYERS),
        ),
        (
            "target_modules=[dropout]",
            "peft/refused",
            AT,
            ("peft refuses this adapter: ", "is not supported"),
        ),
    ],
)
def test_module_that_is_not_there(
    plan_of: PlanOf, bert_spec: str, override: str, slug: str, at: tuple[str, ...], said: list[str]
) -> None:
    plan = plan_of(bert_spec, [f"model.adapter.{override}"])
    with pytest.raises(RunError) as refused:
        compile_plan(plan)
    assert (refused.value.slug, refused.value.at) == (slug, at)
    for text in said:
        assert text in " ".join([refused.value.headline, *refused.value.helps])


def test_architecture_without_defaults_needs_target_modules(
    plan_of: PlanOf, bert_spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from peft.utils import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as KNOWN

    monkeypatch.delitem(KNOWN, "bert")
    with pytest.raises(RunError) as refused:
        compile_plan(plan_of(bert_spec))
    assert refused.value.headline == 'peft has no default layers for a "bert" model'
    assert refused.value.helps == ('write "target_modules: all-linear", or name them', LAYERS)


def test_quantization_names_the_package_it_needs(
    plan_of: PlanOf, bert_spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(bert_spec)
    assert plan.adapter is not None
    config = plan.adapter.config.model_copy(update={"quantization": "nf4"})
    plan = replace(plan, adapter=replace(plan.adapter, config=config))
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "bitsandbytes" else find(name, *rest),
    )
    with pytest.raises(RunError) as missing:
        compile_plan(plan)
    assert missing.value.slug == "missing-package"
    assert missing.value.at == (*AT, "quantization")
    assert missing.value.helps == ("install it with: pip install 'ftspec-peft[quantization]'",)
