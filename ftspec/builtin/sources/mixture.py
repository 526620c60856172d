"""Several sources interleaved at random by weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import datasets

from ftspec.api import Context, RunError, Source
from ftspec.builtin.sources.config import MixtureConfig

_STOPPING = {"first-exhausted": "first_exhausted", "all-exhausted": "all_exhausted"}


class MixtureSource:
    """Rows drawn from each part in proportion to its weight, reproducible by the seed."""

    def __init__(self, config: MixtureConfig, context: Context) -> None:
        self._at = context.section
        self._seed = context.seed
        self._stopping = _STOPPING[config.stopping]
        weights = [part.weight for part in config.sources]
        self._shares = [weight / sum(weights) for weight in weights]
        self._sources = [
            cast(Source, context.children[("sources", index, "source")])
            for index in range(len(config.sources))
        ]

    def split_names(self) -> Sequence[str]:
        """The splits that every part has."""
        first, *others = [source.split_names() for source in self._sources]
        return [name for name in first if all(name in names for names in others)]

    def load(self, split: str) -> datasets.Dataset | datasets.IterableDataset:
        """The parts' rows of a split, interleaved."""
        parts = [source.load(split) for source in self._sources]
        if any(not isinstance(part, datasets.Dataset) for part in parts):
            parts = [_as_stream(part) for part in parts]
        known = {frozenset(part.column_names) for part in parts if part.column_names}
        if len(known) > 1:  # datasets would fill missing values with null
            raise self._unlike(parts)
        try:
            return datasets.interleave_datasets(
                parts, probabilities=self._shares, seed=self._seed, stopping_strategy=self._stopping
            )
        except ValueError as error:
            raise self._unlike(parts) from error

    def _unlike(self, parts: Sequence[datasets.Dataset | datasets.IterableDataset]) -> RunError:
        columns = " and ".join(
            ", ".join(f'"{name}" ({feature})' for name, feature in (part.features or {}).items())
            for part in parts
        )
        return RunError(
            f"the parts of the mixture have different columns: {columns}",
            slug="unlike-columns",
            at=self._at,
            helps=("all parts must have the same columns, with the same types",),
        )

    def identity(self) -> Mapping[str, Any]:
        """The identity of each part."""
        return {"sources": [dict(source.identity()) for source in self._sources]}


def _as_stream(
    rows: datasets.Dataset | datasets.IterableDataset,
) -> datasets.IterableDataset:
    return rows.to_iterable_dataset() if isinstance(rows, datasets.Dataset) else rows
