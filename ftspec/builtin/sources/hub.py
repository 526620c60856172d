"""Datasets on the Hugging Face Hub."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, cast

import datasets
from datasets.exceptions import DatasetNotFoundError
from datasets.packaged_modules.cache.cache import Cache
from huggingface_hub import HfApi, constants, hf_hub_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    HfUriError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
)

from ftspec.api import Context, HubFault, RunError, SpecPath, did_you_mean, explain_hub, one_of
from ftspec.builtin.sources.config import HubConfig

_CARD = "README.md"
_COMMIT = re.compile("[0-9a-f]{7,40}")


class HubSource:
    """A dataset repository at one commit, streamed or downloaded."""

    def __init__(self, config: HubConfig, context: Context) -> None:
        self._config = config
        self._at: SpecPath = context.section
        self._seed = context.seed
        self._note = context.note

    @cached_property
    def _builder(self) -> datasets.DatasetBuilder:
        with _HubErrors(self._config, self._at):
            builder = datasets.load_dataset_builder(**self._arguments())
        if isinstance(builder, Cache):
            self._report_cached(str(builder.hash))
        return builder

    def _report_cached(self, commit: str) -> None:
        """Report rows from the cache: without the Hub, datasets uses any cached revision.

        Raises:
            RunError: the spec pins another commit.
        """
        path, wanted = self._config.path, self._config.revision
        if wanted is not None and _COMMIT.fullmatch(wanted) and not commit.startswith(wanted):
            raise RunError(
                f'the Hub is not available, and the cache has "{path}" only at commit {commit}',
                slug="hub",
                at=(*self._at, "revision"),
                helps=("connect to the Hub once to fill the cache, or use a local source",),
            )
        self._note(f'"{path}" is loaded from the cache, at commit {commit}')

    def split_names(self) -> Sequence[str]:
        """The splits of the repository, without downloading the rows."""
        files = self._builder.config.data_files
        return list(files or self._builder.info.splits or ())

    def load(self, split: str) -> datasets.Dataset | datasets.IterableDataset:
        """The rows of a split. A streamed training split is shuffled within a buffer."""
        with _HubErrors(self._config, self._at):
            rows = datasets.load_dataset(
                **self._arguments(), split=split, streaming=self._config.streaming
            )
        if self._config.streaming and split == "train":
            return rows.shuffle(seed=self._seed, buffer_size=self._config.shuffle_buffer)
        return rows

    def identity(self) -> Mapping[str, Any]:
        """The commit of the rows."""
        identity = {"path": self._config.path, "name": self._config.name}
        return {**identity, "revision": self._commit()}

    def _commit(self) -> str | None:
        if constants.HF_HUB_OFFLINE or isinstance(self._builder, Cache):
            # the commit of the cached rows
            return cast(str | None, self._builder.hash)
        try:
            return HfApi().dataset_info(self._config.path, revision=self._config.revision).sha
        except (HfHubHTTPError, OfflineModeIsEnabled):
            return None

    def _arguments(self) -> dict[str, Any]:
        config = self._config
        given = {
            "name": config.name,
            "revision": config.revision,
            "data_dir": config.data_dir,
            "data_files": config.data_files,
        }
        return {"path": config.path, **{key: value for key, value in given.items() if value}}


class _HubErrors:
    """Turns errors of the Hub into errors at the key of the spec that causes them."""

    def __init__(self, config: HubConfig, at: SpecPath) -> None:
        self._config = config
        self._at = at

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if not isinstance(error, Exception) or isinstance(error, RunError):
            return
        headline, key, helps = self._explain(error)
        raise RunError(headline, slug="hub", at=(*self._at, key), helps=helps) from error

    def _explain(self, error: Exception) -> tuple[str, str, tuple[str, ...]]:
        path, text = self._config.path, str(error).strip().partition("\n")[0]
        if "BuilderConfig" in text or "Config name is missing" in text:
            return self._explain_name(_configurations(str(error)))
        if "Couldn't find cache" in text or "configurations in the cache" in text:
            return self._explain_cache()
        fault = self._fault_of(error)
        if fault is not None:
            is_revision = fault.is_about_revision and self._config.revision is not None
            return fault.headline, "revision" if is_revision else "path", fault.helps
        if isinstance(error, (DatasetNotFoundError, HfUriError)):
            return (
                f'there is no dataset "{path}" on the Hub, or it is private or gated',
                "path",
                ('check its page; for a private dataset, log in with "hf auth login"',),
            )
        if "scripts are no longer supported" in text:
            return (
                f'the dataset "{path}" is a script, which datasets no longer runs',
                "path",
                ('most have converted files: add "revision: refs/convert/parquet" and a data_dir',),
            )
        if isinstance(error, (ConnectionError, OSError)) or constants.HF_HUB_OFFLINE:
            return (
                f'cannot load "{path}": the Hub cannot be reached and the cache does not hold it',
                "path",
                ("connect to the Hub once to fill the cache, or use a local source",),
            )
        return f'cannot load "{path}": {text}', "path", ()

    def _fault_of(self, error: Exception) -> HubFault | None:
        """What the Hub said. datasets drops it in places, so the Hub is asked once more."""
        config = self._config
        fault = explain_hub(error, config.path, config.revision, "dataset")
        is_about_hub = isinstance(error, (OSError, DatasetNotFoundError))
        if fault is not None or not is_about_hub or constants.HF_HUB_OFFLINE:
            return fault
        try:
            hf_hub_download(config.path, _CARD, repo_type="dataset", revision=config.revision)
        except EntryNotFoundError as answer:  # no card, or no answer and nothing in the cache
            error = answer
            if isinstance(answer, RemoteEntryNotFoundError):
                return None
        except Exception as answer:
            error = answer
        return explain_hub(error, config.path, config.revision, "dataset")

    def _explain_name(self, known: Sequence[str]) -> tuple[str, str, tuple[str, ...]]:
        path, name = self._config.path, self._config.name
        if name is None:
            helps = ('name one with the key "name"', one_of(known))
            return f'"{path}" has several configurations', "path", helps
        near = (*did_you_mean(name, known), one_of(known))
        return f'"{path}" has no configuration "{name}"', "name", near

    def _explain_cache(self) -> tuple[str, str, tuple[str, ...]]:
        headline = (
            f'the Hub is not available, and the cache has only other parts of "{self._config.path}"'
        )
        if self._config.data_dir or self._config.data_files:
            why = 'datasets cannot look up "data_dir" and "data_files" in its cache'
            return headline, "path", (f"{why}: connect to the Hub, or use a local source",)
        return (
            headline,
            "path",
            ("connect to the Hub once to fill the cache, or use a local source",),
        )


def _configurations(text: str) -> list[str]:
    """The first twenty names that datasets lists in an error."""
    listed = re.search(r"(?:Available|available configs): \[(.*?)\]", text)
    names = re.findall(r"'([^']*)'", listed[1]) if listed is not None else []
    return names[:20]
