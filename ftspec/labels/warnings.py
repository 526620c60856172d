"""What is probably wrong with the labels of a column."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

_FEW = 10
_MOST_SHOWN = 10


class LabelWarning(NamedTuple):
    """A warning: its slug, one sentence, and what to do."""

    slug: str
    headline: str
    helps: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "; ".join((self.headline, *self.helps))


def similar_names(names: Sequence[str]) -> Iterator[LabelWarning]:
    """Names that a reader takes for the same."""
    alike: dict[str, list[str]] = {}
    for name in names:
        folded = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
        alike.setdefault(folded, []).append(name)
    for group in alike.values():
        if len(group) > 1:
            yield LabelWarning(
                "similar-labels",
                f"the labels {quoted(group)} differ only in case, space or Unicode form",
                ("if they are one label, write them alike in the data",),
            )


def rare_names(counts: Mapping[str, int], unit: str) -> Iterator[LabelWarning]:
    """Labels with too few rows to be learned or measured."""
    rare = [f'"{name}" ({count})' for name, count in counts.items() if count < _FEW]
    if rare:
        more = f" and {len(rare) - _MOST_SHOWN} more" if len(rare) > _MOST_SHOWN else ""
        yield LabelWarning(
            "rare-labels",
            f"each of these labels has fewer than {_FEW} {unit}: "
            f"{', '.join(rare[:_MOST_SHOWN])}{more}",
        )


def quoted(values: Iterable[object]) -> str:
    """Values in double quotes, the last one after "and"."""
    *first, last = [f'"{value}"' for value in values]
    return f"{', '.join(first)} and {last}" if first else last
