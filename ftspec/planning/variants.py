"""Which of many plans are one spec with other seeds, and what varies among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ftspec.document.paths import SpecPath
from ftspec.planning.difference import Difference, Effect, compare_plans
from ftspec.planning.plan import Plan

_WITHOUT_EFFECT: tuple[Effect, ...] = ("speed", "record")


@dataclass(frozen=True)
class Variation:
    """A value that is not the same in all plans.

    Attributes:
        path: of the value.
        values: of each plan, with defaults.
        effect: what it changes.
    """

    path: SpecPath
    values: tuple[Any, ...]
    effect: Effect


def variations_of(plans: Sequence[Plan]) -> list[Variation]:
    """Every value that differs from that of the first plan in any other one."""
    differences = [compare_plans(plans[0], plan) for plan in plans[1:]]
    by_path: dict[SpecPath, dict[int, Difference]] = {}
    for number, found in enumerate(differences, start=1):
        for one in found:
            by_path.setdefault(one.path, {})[number] = one
    return [
        Variation(path, _values(found, len(plans)), _strongest(found.values()))
        for path, found in by_path.items()
    ]


def variants_of(plans: Sequence[Plan]) -> list[list[int]]:
    """The numbers of the plans, from 0, those together whose results differ by the seed only."""
    variants: list[list[int]] = []
    for number, plan in enumerate(plans):
        for variant in variants:
            if _differ_in_seed_only(plans[variant[0]], plan):
                variant.append(number)
                break
        else:
            variants.append([number])
    return variants


def _differ_in_seed_only(first: Plan, second: Plan) -> bool:
    return all(
        one.path == ("seed",) or one.effect in _WITHOUT_EFFECT
        for one in compare_plans(first, second)
    )


def _values(found: dict[int, Difference], count: int) -> tuple[Any, ...]:
    before = next(iter(found.values())).before
    return tuple(found[number].after if number in found else before for number in range(count))


def _strongest(found: Iterable[Difference]) -> Effect:
    order: tuple[Effect, ...] = ("data", "result", "measurement", "speed", "record")
    effects: list[Effect] = [one.effect for one in found]
    return min(effects, key=order.index)
