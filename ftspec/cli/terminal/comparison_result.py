"""The result of ``ftspec compare`` as lines of text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from ftspec.cli.diff import differences_as_text
from ftspec.cli.terminal.columns import aligned
from ftspec.diagnostics.model import printable
from ftspec.document.paths import format_path
from ftspec.planning.difference import Difference
from ftspec.planning.variants import Variation
from ftspec.quantities import shown_size, shown_time
from ftspec.runs.repeated_metrics import is_repeated
from ftspec.runs.summary import RunSummary
from ftspec.runs.verdicts import verdict_of_rows, verdict_of_seeds

if TYPE_CHECKING:
    from ftspec.engine.artifacts.compared_rows import ComparedRows
    from ftspec.engine.artifacts.comparison import ComparedData, ComparedSeeds, Comparison
    from ftspec.engine.scores.seeds import Spread

_LONGEST = 60


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """What differs, what came of it, and whether that is more than chance."""
    for number, run in enumerate(comparison.runs, start=1):
        yield f"{number}: {printable(str(run.run_dir.path))} ({run.state})"
    yield ""
    yield from _variations(comparison.variations, len(comparison.runs))
    yield from _data(comparison.data)
    yield ""
    yield from _metrics(comparison.runs)
    if comparison.seeds:
        yield from _seeds(comparison.variants, comparison.seeds)
    if not any(comparison.rows.values()):
        yield ""
        yield "no common evaluation: ftspec evaluate on each run tells whether they differ"
    tests = len(comparison.rows)
    for number, compared in comparison.rows.items():
        for one in compared:
            yield from _evaluation(one, number + 1, tests)


def _variations(variations: Sequence[Variation], count: int) -> Iterator[str]:
    if not variations:
        yield "the specs are equal"
    elif count == 2:
        pairs = [
            Difference(one.path, before=one.values[0], after=one.values[1], effect=one.effect)
            for one in variations
        ]
        yield differences_as_text(pairs).rstrip()
    else:
        yield from aligned(
            ("", *_numbers(count)),
            [
                (format_path(one.path), *(_short(json.dumps(value)) for value in one.values))
                for one in variations
            ],
        )


def _data(data: Sequence[ComparedData]) -> Iterator[str]:
    for one in data:
        counts = dict.fromkeys("?" if rows is None else f"{rows:,}" for rows in one.rows)
        rows = " and ".join(counts) + (" each" if len(counts) == 1 else "")
        yield f"the encoded rows of {printable(one.name)} differ: {rows}"


def _metrics(runs: Sequence[RunSummary]) -> Iterator[str]:
    names = dict.fromkeys(name for run in runs for name in run.metrics)
    rows = [(printable(name), *(_number(run.metrics.get(name)) for run in runs)) for name in names]
    times = [shown_time(run.seconds) if run.seconds is not None else "" for run in runs]
    sizes = [shown_size(run.size) for run in runs]
    yield from aligned(("", *_numbers(len(runs))), [*rows, ("time", *times), ("size", *sizes)])


def _seeds(variants: Sequence[Sequence[int]], seeds: Sequence[ComparedSeeds]) -> Iterator[str]:
    """The mean over seeds of each variant, and which differ from the first by more than chance."""
    names = [_letter(number) for number in range(len(variants))]
    yield ""
    for name, variant in zip(names, variants, strict=True):
        runs = ", ".join(str(number + 1) for number in variant)
        yield f"{name}: runs {runs}" if len(variant) > 1 else f"{name}: run {runs}"
    yield from aligned(
        ("mean over seeds", *names, *(f"{name} against A" for name in names[1:])),
        [
            (
                printable(one.metric),
                *map(_spread, one.spreads),
                *(
                    _verdict(p, one.spreads[0], other)
                    for p, other in zip(one.p, one.spreads[1:], strict=True)
                ),
            )
            for one in seeds
        ],
    )
    if len(variants) > 1:
        yield "± is the standard deviation over seeds; p is that of Welch's t-test"


def _verdict(p: float | None, first: Spread | None, other: Spread | None) -> str:
    if first is None or other is None:
        return ""
    return verdict_of_seeds(p, min(first.seeds, other.seeds))


def _evaluation(one: ComparedRows, number: int, tests: int) -> Iterator[str]:
    """The evaluation of the first run and of a later one."""
    first, second = one.metrics
    yield ""
    yield f"evaluation {printable(one.name)}, on the same {one.rows:,} rows"
    names = [
        name
        for name in dict.fromkeys([*first, *second])
        if not (is_repeated(name, first) and is_repeated(name, second))
    ]
    yield from aligned(
        ("", "1", str(number)),
        [
            (printable(name), _with_interval(first, name), _with_interval(second, name))
            for name in names
        ],
    )
    for test in one.tests:
        only = test.only_first, test.only_second
        yield verdict_of_rows(test.name, test.p, only, ("1", str(number)), tests)
    yield from aligned(
        ("row", "reference", "1", str(number)),
        [
            (
                str(example["row"]),
                *(_short(str(example[key])) for key in ("reference", "first", "second")),
            )
            for example in one.examples
        ],
    )


def _with_interval(metrics: Mapping[str, Any], name: str) -> str:
    found = metrics.get(name)
    if not isinstance(found, dict) or not isinstance(found.get("value"), (int, float)):
        return ""
    if "low" not in found:
        return _number(found["value"])
    return f"{found['value']:.4f} ({found['low']:.4f} to {found['high']:.4f})"


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return ""
    after = "" if spread.deviation is None else f" ± {spread.deviation:.4f}"
    return f"{spread.mean:.4f}{after}"


def _numbers(count: int) -> tuple[str, ...]:
    return tuple(str(number) for number in range(1, count + 1))


def _letter(number: int) -> str:
    """A, B, …, Z, A1, B1, …"""
    rounds, place = divmod(number, len(ascii_uppercase))
    return ascii_uppercase[place] + (str(rounds) if rounds else "")


def _short(text: str) -> str:
    return printable(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
