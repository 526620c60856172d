"""Two or more runs side by side: specs, data, metrics, cost, seeds and common rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftspec.document.paths import format_path
from ftspec.engine.artifacts.compared_rows import ComparedRows, compare_rows
from ftspec.engine.scores.seeds import Spread, compare_means, spread_of
from ftspec.errors import RunError
from ftspec.planning.plan import Plan
from ftspec.planning.variants import Variation, variants_of, variations_of
from ftspec.runs.summary import RunSummary


@dataclass(frozen=True)
class ComparedData:
    """A set of rows that is not the same in all runs.

    Attributes:
        name: of the set.
        rows: how many each run has; ``None`` where that is not known.
    """

    name: str
    rows: tuple[int | None, ...]


@dataclass(frozen=True)
class ComparedSeeds:
    """A metric over the seeds of each variant.

    Attributes:
        metric: ``SET/METRIC``.
        spreads: of each variant; ``None`` where no run of it has the metric.
        p: of each later variant against the first: Welch's t-test, times the number of these
            tests (Bonferroni); ``None`` where seeds tell nothing.
    """

    metric: str
    spreads: tuple[Spread | None, ...]
    p: tuple[float | None, ...]


@dataclass(frozen=True)
class Comparison:
    """What is the same and what is not.

    Attributes:
        runs: in the order in which they were named.
        variations: values of the specs that differ.
        data: sets whose encoded rows differ.
        variants: the numbers of runs from 0; those together whose specs differ in the seed only.
        seeds: metrics over the seeds, if a variant has more than one.
        rows: common evaluations of the first run and each later one, by the number of the later.
    """

    runs: Sequence[RunSummary]
    variations: Sequence[Variation]
    data: Sequence[ComparedData]
    variants: Sequence[Sequence[int]]
    seeds: Sequence[ComparedSeeds]
    rows: Mapping[int, Sequence[ComparedRows]]

    def to_json(self) -> dict[str, Any]:
        """As JSON values; runs are numbered from 1."""
        return {
            "runs": [
                {
                    "path": str(run.run_dir.path),
                    "status": run.state,
                    "seconds": run.seconds,
                    "size": run.size,
                    "metrics": dict(run.metrics),
                }
                for run in self.runs
            ],
            "differences": [
                {
                    "path": format_path(one.path),
                    "values": list(one.values),
                    "effect": one.effect,
                }
                for one in self.variations
            ],
            "data": [{"set": one.name, "rows": list(one.rows)} for one in self.data],
            "variants": [[number + 1 for number in variant] for variant in self.variants],
            "seeds": [
                {
                    "metric": one.metric,
                    "variants": [spread and spread._asdict() for spread in one.spreads],
                    "p": list(one.p),
                }
                for one in self.seeds
            ],
            "evaluations": [
                {"runs": [1, number + 1], **one.to_json()}
                for number, compared in self.rows.items()
                for one in compared
            ],
        }


def compare_runs(plans: Sequence[Plan], runs: Sequence[RunSummary]) -> Comparison:
    """Compare two or more runs; the first is what others are tested against.

    Raises:
        RunError: a file of an evaluation is damaged.
    """
    variants = variants_of(plans)
    first = runs[0].run_dir
    return Comparison(
        runs=runs,
        variations=variations_of(plans),
        data=list(_differing_sets(runs)),
        variants=variants,
        seeds=list(_over_seeds(runs, variants)),
        rows={
            number: compare_rows(first, run.run_dir, plans[0].seed, len(runs) - 1)
            for number, run in enumerate(runs)
            if number > 0
        },
    )


def _differing_sets(runs: Sequence[RunSummary]) -> Iterator[ComparedData]:
    """The sets whose rows have other hashes. A run without a lock, or with streams, tells
    nothing."""
    known = [_splits_of(run) for run in runs]
    for name in dict.fromkeys(name for splits in known for name in splits):
        sets = [splits.get(name, {}) for splits in known]
        hashes = {one.get("sha256") for one in sets} - {None}
        if len(hashes) > 1:
            yield ComparedData(name, tuple(one.get("rows") for one in sets))


def _splits_of(run: RunSummary) -> Mapping[str, Mapping[str, Any]]:
    try:
        splits = run.run_dir.read_json("lock.json").get("splits")
    except RunError:
        return {}
    is_known = isinstance(splits, dict) and all(isinstance(one, dict) for one in splits.values())
    return splits if is_known else {}


def _over_seeds(
    runs: Sequence[RunSummary], variants: Sequence[Sequence[int]]
) -> Iterator[ComparedSeeds]:
    if all(len(variant) < 2 for variant in variants):
        return
    for metric in dict.fromkeys(name for run in runs for name in run.metrics):
        values = [
            [runs[number].metrics[metric] for number in variant if metric in runs[number].metrics]
            for variant in variants
        ]
        tests = [compare_means(values[0], others) for others in values[1:]]
        yield ComparedSeeds(
            metric,
            tuple(spread_of(one) if one else None for one in values),
            tuple(None if p is None else min(p * len(tests), 1.0) for p in tests),
        )
