"""The packages of settings, looked up without importing them."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from pathlib import Path

import pytest
from transformers import trainer_optimizer

from ftspec.checks.optimizer import KEYS, keys_of
from ftspec.engine.components.packages import require_needed_packages
from ftspec.errors import RunError
from ftspec.planning import needed_packages as module
from ftspec.planning.needed_packages import is_installed, needed_packages
from ftspec.spec.training import argument_table
from tests.unit.conftest import Examine, PlanOf, placed

OPTIMIZERS = argument_table()["optim"]["choices"]
IGNORED = "# ftspec: ignore[missing-package, optimizer]\n"


def package(folder: Path, name: str, version: str) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text("raise RuntimeError('imported')")
    metadata = folder / f"{name}-{version}.dist-info"
    metadata.mkdir()
    text = f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: {version}\n"
    (metadata / "METADATA").write_text(text)


@pytest.mark.parametrize(
    ("settings", "packages"),
    [
        ("optim: adamw_bnb_8bit", ["bitsandbytes"]),
        ("optim: galore_adamw_8bit, optim_target_modules: all", ["galore_torch", "bitsandbytes"]),
        ("use_liger_kernel: true", ["liger_kernel"]),
        ("deepspeed: {zero_optimization: {stage: 2}}", ["deepspeed"]),
        ("fsdp: true, fsdp_config: {xla: true}", ["torch_xla"]),
        ("debug: [underflow_overflow, tpu_metrics_debug]", ["torch_xla"]),
        ("optim: adafactor, deepspeed: null, debug: underflow_overflow", []),
    ],
)
def test_settings_need_packages(
    settings: str, packages: list[str], plan_of: PlanOf, minimal_spec: str
) -> None:
    needs = needed_packages(plan_of(f"{IGNORED}{minimal_spec}training: {{{settings}}}\n"))
    assert [name for need in needs for name in need.modules] == packages


def test_missing_package_is_found_at_lint_and_by_the_run(
    examine: Examine, plan_of: PlanOf, minimal_spec: str, tmp_path: Path
) -> None:
    text = f"{minimal_spec}training: {{optim: grokadamw}}\n"
    (finding,) = examine(text).diagnostics
    assert placed(finding) == "11:19 missing-package"
    assert finding.headline == (
        'the optimizer "grokadamw" needs the package "grokadamw", which is not installed'
    )
    assert finding.helps == ("install it with: pip install grokadamw",)
    with pytest.raises(RunError) as refused:
        require_needed_packages(plan_of(IGNORED + text))
    assert (refused.value.slug, refused.value.at) == ("missing-package", ("training", "optim"))
    assert refused.value.headline == finding.headline


def test_installed_package_is_not_imported_and_an_old_one_is_refused(
    examine: Examine, minimal_spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"{minimal_spec}training: {{use_liger_kernel: true}}\n"
    monkeypatch.syspath_prepend(str(tmp_path))
    package(tmp_path, "liger_kernel", "0.2.9")
    (finding,) = examine(text).diagnostics
    assert (
        finding.headline == '"use_liger_kernel" needs "liger_kernel" 0.3.0, and 0.2.9 is installed'
    )
    (tmp_path / "liger_kernel-0.2.9.dist-info").rename(tmp_path / "liger_kernel-0.10.dist-info")
    metadata = tmp_path / "liger_kernel-0.10.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text().replace("0.2.9", "0.10"))
    assert examine(text).diagnostics == ()
    assert "liger_kernel" not in sys.modules


def test_machine_without_torch_is_told_nothing(
    examine: Examine, minimal_spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        module.importlib.util, "find_spec", lambda name: None if name == "torch" else find(name)
    )
    assert examine(f"{minimal_spec}training: {{optim: grokadamw}}\n").diagnostics == ()


def test_folder_in_the_current_one_is_no_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deepspeed").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not is_installed("deepspeed")
    assert is_installed("pydantic.no_matter")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_keys_of_an_optimizer_are_those_of_transformers(optimizer: str) -> None:
    handler = trainer_optimizer._OPTIMIZER_HANDLERS[optimizer]
    source = inspect.getsource(handler)
    known = keys_of(optimizer)
    if known is None:
        assert "additional_optim_kwargs = ctx.optim_args" in source
        return
    assert {key for key in known if f'"{key}"' not in source} == set()
    if not known and "optim_args" in source:  # of another optimizer of the same function
        assert handler.__name__ == "_get_bitsandbytes_optimizer"


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_package_of_an_optimizer_is_the_one_that_transformers_imports(optimizer: str) -> None:
    source = inspect.getsource(trainer_optimizer._OPTIMIZER_HANDLERS[optimizer])
    others = ("bitsandbytes", "galore_torch", "apollo_torch", "lomo_optim", "grokadamw", "torchao")
    others += ("schedulefree", "optimi", "torchdistx", "torch_xla", "torch_npu")
    imported = {name for name in others if f"from {name}" in source}
    package_of = module._OPTIMIZERS.get(optimizer)
    assert imported == ({package_of[0]} if package_of is not None else set())


def test_every_key_is_of_an_optimizer() -> None:
    names = {name.removesuffix("_32bit") for name in OPTIMIZERS}
    assert set(KEYS) - names == set()
