"""The packages that the settings of a plan need, and that the ``train`` extra does not install."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan, PlannedComponent


class Need(NamedTuple):
    """A setting that needs one of several packages.

    Attributes:
        at: the path of the setting in the spec.
        what: the setting, as the subject of a sentence.
        modules: the import names of the packages; one is enough.
        install: the command that installs one.
        minimum: the oldest version of the first package that works.
    """

    at: SpecPath
    what: str
    modules: tuple[str, ...]
    install: str
    minimum: str = ""

    @property
    def problem(self) -> str | None:
        """What is missing, as a sentence; ``None`` if nothing is. Imports no package."""
        if not any(map(is_installed, self.modules)):
            packages = " or ".join(f'"{name}"' for name in self.modules)
            return f"{self.what} needs the package {packages}, which is not installed"
        found = _version_of(self.modules[0]) if self.minimum else None
        if found is not None and _parts(found) < _parts(self.minimum):
            return f'{self.what} needs "{self.modules[0]}" {self.minimum}, and {found} is installed'
        return None


_TORCHDISTX = "pip install git+https://github.com/pytorch/torchdistx"
_OPTIMIZERS: dict[str, tuple[str, str, str]] = {
    **dict.fromkeys(
        (
            *("adamw_bnb_8bit", "adamw_8bit", "paged_adamw_32bit", "paged_adamw_8bit"),
            *("ademamix", "ademamix_8bit", "paged_ademamix_32bit", "paged_ademamix_8bit"),
            *("lion_32bit", "lion_8bit", "paged_lion_32bit", "paged_lion_8bit"),
            *("rmsprop_bnb", "rmsprop_bnb_8bit", "rmsprop_bnb_32bit"),
        ),
        ("bitsandbytes", "pip install bitsandbytes", "0.46.1"),
    ),
    **dict.fromkeys(
        (
            *("galore_adamw", "galore_adamw_8bit", "galore_adafactor"),
            *("galore_adamw_layerwise", "galore_adamw_8bit_layerwise"),
            "galore_adafactor_layerwise",
        ),
        ("galore_torch", "pip install galore-torch", ""),
    ),
    **dict.fromkeys(
        ("apollo_adamw", "apollo_adamw_layerwise"),
        ("apollo_torch", "pip install apollo-torch", ""),
    ),
    **dict.fromkeys(("lomo", "adalomo"), ("lomo_optim", "pip install lomo-optim", "")),
    **dict.fromkeys(
        ("schedule_free_adamw", "schedule_free_sgd"),
        ("schedulefree", "pip install schedulefree", "1.2.6"),
    ),
    "schedule_free_radam": ("schedulefree", "pip install schedulefree", "1.4.0"),
    **dict.fromkeys(
        ("adamw_torch_4bit", "adamw_torch_8bit"), ("torchao", "pip install torchao", "0.15.0")
    ),
    "adamw_anyprecision": ("torchdistx", _TORCHDISTX, ""),
    "adamw_torch_npu_fused": ("torch_npu", "pip install torch-npu", ""),
    "adamw_torch_xla": ("torch_xla", "pip install torch-xla", ""),
    "grokadamw": ("grokadamw", "pip install grokadamw", ""),
    "stable_adamw": ("optimi", "pip install torch-optimi", ""),
}
"""For each optimizer the import name of its package, how to install it, and its oldest version."""

_FLASH_ATTENTION = {
    "flash_attention_2": ("flash_attn", "kernels"),
    "flash_attention_3": ("flash_attn_interface", "kernels"),
}


def needed_packages(plan: Plan) -> Iterator[Need]:
    """What the settings of a plan need, in the order of the spec."""
    for planned in _with_children(plan.components):
        component = planned.component
        for module in component.requires:
            what = f'the {component.kind} "{component.name}"'
            yield Need(planned.at, what, (module,), component.install)
        for key, (module, install) in planned.config.needed_packages().items():
            yield Need((*planned.at, key), f'"{key}"', (module,), install)
    attention = plan.model.config.get("attn_implementation")
    if isinstance(attention, str) and attention in _FLASH_ATTENTION:
        at = ("model", "config", "attn_implementation")
        modules = _FLASH_ATTENTION[attention]
        yield Need(at, f'"attn_implementation: {attention}"', modules, "pip install kernels")
    yield from _needed_by_training(plan)


def _needed_by_training(plan: Plan) -> Iterator[Need]:
    training = plan.training
    optimizer = training.get("optim", "")
    if optimizer in _OPTIMIZERS:
        module, install, minimum = _OPTIMIZERS[optimizer]
        what = f'the optimizer "{optimizer}"'
        yield Need(("training", "optim"), what, (module,), install, minimum)
        if optimizer.startswith("galore_adamw_8bit"):
            install = "pip install bitsandbytes"
            yield Need(("training", "optim"), what, ("bitsandbytes",), install, "0.46.1")
    if training.get("use_liger_kernel"):
        at, install = ("training", "use_liger_kernel"), "pip install liger-kernel"
        yield Need(at, '"use_liger_kernel"', ("liger_kernel",), install, "0.3.0")
    if training.get("deepspeed"):
        yield Need(
            ("training", "deepspeed"), '"deepspeed"', ("deepspeed",), "pip install deepspeed"
        )
    if "tpu_metrics_debug" in training.get("debug", ()):
        at = ("training", "debug")
        yield Need(at, '"tpu_metrics_debug"', ("torch_xla",), "pip install torch-xla")
    fsdp = training.get("fsdp_config")
    if (
        training.get("fsdp")
        and isinstance(fsdp, dict)
        and (fsdp.get("xla") or fsdp.get("fsdp_xla"))
    ):
        at = ("training", "fsdp_config")
        yield Need(at, '"xla"', ("torch_xla",), "pip install torch-xla")


def can_train() -> bool:
    """Whether this machine has torch. Lint runs on other machines too, and there it cannot know
    what the machine that trains has."""
    return is_installed("torch")


def is_installed(module: str) -> bool:
    """Whether the package of a module can be imported, without importing it. A folder of the same
    name in the current folder is none."""
    try:
        found = importlib.util.find_spec(module.partition(".")[0])
    except (ModuleNotFoundError, ValueError):
        return False
    if found is None or found.origin is not None:
        return found is not None
    return any(Path(place).parent != Path.cwd() for place in found.submodule_search_locations or ())


def _version_of(module: str) -> str | None:
    from importlib import metadata  # takes 10 ms, and few settings need a version

    try:
        return metadata.version(module.replace("_", "-"))
    except metadata.PackageNotFoundError:
        return None


def _parts(version: str) -> tuple[int, ...]:
    numbers = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, numbers.group().split("."))) if numbers is not None else ()


def _with_children(components: Iterable[PlannedComponent]) -> Iterator[PlannedComponent]:
    for planned in components:
        yield planned
        yield from _with_children(planned.children.values())
