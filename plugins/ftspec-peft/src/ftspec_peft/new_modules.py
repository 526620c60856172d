"""The modules to train whole, because the checkpoint does not contain their weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import nn

from ftspec.api import RunError


def modules_to_learn(model: nn.Module, new: Iterable[str], saved: Sequence[str] = ()) -> list[str]:
    """The largest modules that have only ``new`` parameters, without modules that match ``saved``
    by the ends of their names, or are inside such modules.

    Raises:
        RunError: a module has both new parameters and parameters of the checkpoint.
    """
    names = frozenset(new)
    found: dict[str, None] = {}
    for name in sorted(names):
        steps = name.split(".")[:-1]
        around = [".".join(steps[: end + 1]) for end in range(len(steps))]
        if any(f".{module}".endswith(f".{end}") for module in around for end in saved):
            continue
        whole = next((module for module in around if _is_all_new(model, module, names)), None)
        if whole is None:
            raise RunError(
                f'the checkpoint lacks "{name}", which the adapter would leave untrained',
                slug="peft/untrained-weights",
                at=("model", "adapter"),
                helps=(f'write "modules_to_save: [{steps[-1] if steps else name}]"',),
            )
        found[whole] = None
    return list(found)


def _is_all_new(model: nn.Module, module: str, new: frozenset[str]) -> bool:
    parameters = model.get_submodule(module).named_parameters()
    return all(f"{module}.{name}" in new for name, _ in parameters)
