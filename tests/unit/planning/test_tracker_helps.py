"""Settings of services that a run could report to: findings that name the callback, if any."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ftspec.components import CallbackComponent
from ftspec.planning import tracker_helps
from ftspec.registry.registry import Plugin, Registered, Registry
from ftspec.spec.base import ComponentConfig
from tests.unit.conftest import Examine, placed

NONE = "remove it; TensorBoard is always on, and no known callback reports to {}"


def with_callback(registry: Registry, name: str, *aliases: str) -> Registry:
    component = CallbackComponent(
        name=name, summary="s", config=ComponentConfig, factory="x:y", aliases=aliases
    )
    registered = Registered(component, Plugin(name="runs", distribution="ftspec-runs"))
    return replace(registry, components={**registry.components, ("callback", name): registered})


@pytest.mark.parametrize(
    ("setting", "tracker"),
    [
        ("project: x", "trackio"),
        ("trackio_space_id: x", "trackio"),
        ("trackio_static_space_id: false", "trackio"),
        ("wandb_project: x", "wandb"),
        ("use_wandb: true", "wandb"),
        ("mlflow_experiment_name: x", "mlflow"),
        ("hf_mlflow_log_artifacts: true", "mlflow"),
        ("comet_project_name: x", "comet_ml"),
        ("use_swanlab: true", "swanlab"),
    ],
)
def test_setting_of_a_tracker_is_a_finding(
    setting: str, tracker: str, examine: Examine, minimal_spec: str
) -> None:
    key = setting.partition(":")[0]
    (finding,) = examine(f"{minimal_spec}training:\n  {setting}\n").diagnostics
    is_field = key == "project" or key.startswith("trackio_")
    assert placed(finding) == f"12:3 {'owned-key' if is_field else 'unknown-key'}"
    assert finding.headline.startswith(f'"{key}" is a setting of {tracker}')
    assert finding.helps == (NONE.format(tracker),)


@pytest.mark.parametrize(
    ("written", "help_"),
    [
        ("wandb", NONE.format("wandb")),
        ("[tensorboard, wandb, mlflow]", NONE.format("wandb or mlflow")),
        ("tensorboard", "remove it; TensorBoard is always on"),
        ("none", "remove it; TensorBoard is always on"),
        ("[]", "remove it; TensorBoard is always on"),
    ],
)
def test_report_says_that_no_callback_is_known(
    written: str, help_: str, examine: Examine, minimal_spec: str
) -> None:
    (finding,) = examine(f"{minimal_spec}training:\n  report_to: {written}\n").diagnostics
    assert placed(finding) == "12:3 owned-key"
    assert finding.helps == (help_,)


@pytest.mark.parametrize(
    ("name", "aliases", "reported"),
    [("wandb", (), "wandb"), ("comet", (), "comet_ml"), ("board", ("wandb",), "wandb")],
)
def test_installed_callback_is_named_with_its_package(
    name: str,
    aliases: tuple[str, ...],
    reported: str,
    examine: Examine,
    registry: Registry,
    minimal_spec: str,
) -> None:
    installed = with_callback(registry, name, *aliases)
    text = f"{minimal_spec}training: {{report_to: {reported}}}\n"
    (finding,) = examine(text, registry=installed).diagnostics
    assert finding.helps == (
        f'remove it, and write "callbacks: [{name}]", which the package ftspec-runs has',
    )


def test_known_callback_that_is_not_installed_says_what_to_install(
    examine: Examine, minimal_spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"ftspec-runs": (("callback", "wandb"),)}
    monkeypatch.setattr(tracker_helps, "KNOWN_DISTRIBUTIONS", known)
    (finding,) = examine(f"{minimal_spec}wandb_project: x\n").diagnostics
    assert finding.helps == (
        'remove it, and write "callbacks: [wandb]"',
        "install the package that has it: pip install ftspec-runs",
    )
