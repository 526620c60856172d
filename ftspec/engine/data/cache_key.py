"""The cache keys of prepared rows, known before any row is read. Equal keys mean equal rows."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from transformers import PretrainedConfig, PreTrainedTokenizerBase

from ftspec import __version__
from ftspec.engine.components.factories import build, make_contexts
from ftspec.engine.data.code_hashes import code_of, hash_of_source, versions
from ftspec.engine.data.tokenizer import build_tokenizer
from ftspec.engine.model.checkpoint import Checkpoint
from ftspec.engine.model.config import label_names_of, load_config
from ftspec.engine.model.length_limits import position_limit
from ftspec.engine.progress.run_log import RunLog
from ftspec.files import sha256_of
from ftspec.planning.evaluation_set import PlannedSet
from ftspec.planning.local_paths import local_paths
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.protocols import Source

STREAM = "a stream is read again each time"

# these settings say where a tokenizer was found, not what it does
_PLACES = ("is_local", "local_files_only", "name_or_path")


@dataclass(frozen=True)
class CacheKey:
    """What the rows of one split depend on: JSON values by name, secrets included."""

    values: Mapping[str, Any]

    @cached_property
    def digests(self) -> dict[str, str]:
        """The SHA-256 of each value."""
        return {name: _digest(value) for name, value in sorted(self.values.items())}

    @property
    def key(self) -> str:
        """The SHA-256 of all values."""
        return _digest(self.digests)


@dataclass(frozen=True, kw_only=True)
class PreparationInputs:
    """What rows are prepared from.

    Attributes:
        config: the model's configuration.
        checkpoint_labels: the names of the labels that the checkpoint brings, whose order the
            encoded labels may have.
        source: where rows come from.
        identity: what the source records of its rows.
        tokenizer: ``None`` if it is trained on the rows.
        cache_keys: one for each split.
        obstacle: why prepared rows cannot be kept, if they cannot.
    """

    config: PretrainedConfig
    checkpoint_labels: tuple[str, ...]
    source: Source
    identity: Mapping[str, Any]
    tokenizer: PreTrainedTokenizerBase | None
    cache_keys: Mapping[str, CacheKey]
    obstacle: str | None

    @property
    def key(self) -> str:
        """The SHA-256 of the cache keys of all splits."""
        return _digest([one.key for one in self.cache_keys.values()])


def read_inputs(plan: Plan, checkpoint: Checkpoint | None, log: RunLog) -> PreparationInputs:
    """Read everything that rows are prepared from, and no row.

    Raises:
        RunError: the plan names something that does not exist.
        MissingExtraError: a package is not installed.
    """
    # first, so that a misspelt checkpoint is reported at its key, before any data is read
    config = load_config(plan.model, checkpoint, {})
    names = label_names_of(plan.model, checkpoint, config)
    source: Source = build(plan.source, make_contexts(plan, log.note))
    identity = source.identity()
    tokenizer: PreTrainedTokenizerBase | None
    try:
        tokenizer = build_tokenizer(plan, checkpoint, _no_texts_yet, log.note)
    except _TextsNeededError:
        tokenizer = None
    common = {
        "source": plan.source.to_spec(),
        "rows of the source": dict(identity),
        "transforms": [transform.to_spec() for transform in plan.transforms],
        "seed": plan.seed,
        "template": dict(plan.template),
        "tokenizer": plan.tokenizer.to_spec(),
        "tokenizer files": contents_of(tokenizer) if tokenizer is not None else None,
        "positions of the model": position_limit(config),
        "labels of the checkpoint": list(names),
        "task": plan.task.to_spec(),
        "files": _files_named_in(plan),
        "ftspec": {"version": __version__, "source": hash_of_source("ftspec")},
        "plugins": {name: code_of(planned) for name, planned in _components(plan)},
        "packages": versions(),
    }
    return PreparationInputs(
        config=config,
        checkpoint_labels=names,
        source=source,
        identity=identity,
        tokenizer=tokenizer,
        cache_keys={
            split: CacheKey({**common, **_rows_of(plan, split)}) for split in plan.splits.named()
        },
        obstacle=_obstacle(plan, identity, tokenizer),
    )


def key_of_set(
    plan: Plan, planned: PlannedSet, identity: Mapping[str, Any], training_key: str
) -> CacheKey:
    """The cache key of a set.

    Args:
        plan: that of the set, with its source, transforms and template.
        planned: the set.
        identity: what its source records of its rows.
        training_key: the cache key of the training rows, to which the task is fitted. It covers the
            tokenizer, the task, the code and the libraries.
    """
    return CacheKey(
        {
            "source": plan.source.to_spec(),
            "rows of the source": dict(identity),
            "transforms": [transform.to_spec() for transform in plan.transforms],
            "template": dict(plan.template),
            "split": {"name": planned.name, "rows": planned.slice},
            "files": _files_named_in(plan),
            "plugins": {name: code_of(one) for name, one in _components(plan)},
            "training rows": training_key,
        }
    )


def obstacle_of(plan: Plan, identity: Mapping[str, Any]) -> str | None:
    """Why the prepared rows of the plan of a set cannot be kept, if they cannot."""
    return _obstacle(plan, identity, None)


def _files_named_in(plan: Plan) -> dict[str, str]:
    """Hashes of the files that other sections than the source name, such as a chat template."""
    sections = (*plan.transforms, plan.tokenizer, plan.task)
    paths = {path for planned in sections for _, path in local_paths(planned)}
    return {path: sha256_of(Path(path)) for path in sorted(paths) if Path(path).is_file()}


def contents_of(tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    """Hashes of all files of a tokenizer, and its settings that are in no file."""
    with tempfile.TemporaryDirectory(prefix="ftspec-") as folder:
        tokenizer.save_pretrained(folder)
        settings = Path(folder, "tokenizer_config.json")
        if settings.exists():
            kept = json.loads(settings.read_text(encoding="utf-8"))
            kept = {name: value for name, value in kept.items() if name not in _PLACES}
            settings.write_text(json.dumps(kept, sort_keys=True), encoding="utf-8")
        paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        files = {str(path.relative_to(folder)): sha256_of(path) for path in paths}
    return {
        **files,
        "class": f"{type(tokenizer).__module__}.{type(tokenizer).__qualname__}",
        "inputs": list(tokenizer.model_input_names),
        "split_special_tokens": getattr(tokenizer, "split_special_tokens", None),
    }


class _TextsNeededError(Exception):
    """A tokenizer asks for the texts to train on."""


def _no_texts_yet() -> Iterator[list[str]]:
    raise _TextsNeededError


def _rows_of(plan: Plan, split: str) -> dict[str, Any]:
    """Which rows are in a split, and, for another split than the training split, which rows are in
    that one: tasks and tokenizers are fitted to it."""
    rows = {"split": {"name": split, "rows": _family(plan, split)}}
    is_apart = base_of(plan, split) != base_of(plan, "train")
    return rows | ({"training rows": _family(plan, "train")} if is_apart else {})


def _family(plan: Plan, split: str) -> dict[str, Any]:
    """The slice that a split is part of, and every split that is held out of that slice."""
    named = plan.splits.named()
    return {
        name: one.model_dump(mode="json", by_alias=True, exclude_none=True)
        for name, one in named.items()
        if base_of(plan, name) == base_of(plan, split)
    }


def base_of(plan: Plan, split: str) -> str:
    """The slice of the source that this split is, or is held out of."""
    return plan.splits.named()[split].from_ or split


def _components(plan: Plan) -> Iterator[tuple[str, PlannedComponent]]:
    """The components of plugins. The hash of ftspec's source covers the built-in ones."""
    for planned in (plan.source, *plan.transforms, plan.tokenizer, plan.task):
        if planned.plugin != "ftspec.builtin.plugin" or planned.children:
            yield f"{planned.component.kind} {planned.type}", planned


def _obstacle(
    plan: Plan, identity: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase | None
) -> str | None:
    if _streams(plan.source):
        return STREAM
    if _has_gap(identity):
        return "the source does not say which rows it has"
    if type(tokenizer).__module__.startswith("transformers_modules"):
        return "the tokenizer runs code of its repository"
    return None


def _streams(planned: PlannedComponent) -> bool:
    return bool(getattr(planned.config, "streaming", False)) or any(
        map(_streams, planned.children.values())
    )


def _has_gap(identity: Any) -> bool:
    """Whether an identity is empty, or has an unknown revision."""
    if isinstance(identity, Mapping):
        if "revision" in identity and identity["revision"] is None:
            return True
        identity = list(identity.values())
    return isinstance(identity, list) and (not identity or any(map(_has_gap, identity)))


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
