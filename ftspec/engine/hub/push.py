"""Pushes a run to the Hub, as ``training.push_to_hub`` and the ``hub_…`` keys say.

The Trainer would push with ``TrainingArguments`` that hold the token, and with a card that does not
describe the data. Here no arguments hold the token, and the card is ftspec's own.
"""

from __future__ import annotations

import os
import queue
import shutil
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR, HubStrategy

from ftspec.document.paths import SpecPath
from ftspec.engine.hub.card import write_card
from ftspec.engine.progress.run_log import RunLog
from ftspec.errors import RunError, causes_of, in_one_line
from ftspec.hub_faults import HubFaultError
from ftspec.manifest import MANIFEST
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory

STATE_OF_TRAINING = (
    "global_step*",
    "optimizer*",
    "pytorch_model_fsdp*",
    "rng_state*.pth",
    "scaler.pt",
    "scheduler.pt",
    "trainer_state.json",
)
"""The files of a checkpoint that are needed to resume, but not to use the model."""

_SAID_AFTER, _SAID_AGAIN_AFTER = 5.0, 60.0
"""Seconds of waiting for an upload."""

# the first ones are those of the client's HTTP library; an upload wraps them in a RuntimeError
_FAILURES: tuple[type[BaseException], ...] = (*HfHubHTTPError.__bases__, RuntimeError, ValueError)


@dataclass(frozen=True)
class _Upload:
    """An upload: its job, the folder that is uploaded, and the step of the checkpoint."""

    job: Future[Any]
    folder: Path
    step: int


class _Worker:
    """Does one upload after the other, in a thread that does not delay the end of the process. The
    process would wait for the thread of an executor, even after Ctrl-C."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="push", daemon=True).start()

    def start(self, job: Callable[[], Any]) -> Future[Any]:
        """Do a job after the previous ones."""
        future: Future[Any] = Future()
        self._jobs.put((future, job))
        return future

    def _work(self) -> None:
        while True:
            future, job = self._jobs.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(job())
            except BaseException as error:
                future.set_exception(error)


class HubPush(TrainerCallback):
    """The repository of a run. Checkpoints are pushed during training.

    Raises:
        RunError: the Hub cannot be reached, or refuses.
    """

    def __init__(self, plan: Plan, run_dir: RunDirectory, log: RunLog) -> None:
        self._plan = plan
        self._run_dir = run_dir
        self._log = log
        training = plan.training
        self._api = HfApi(token=training.get("hub_token") or None)
        self._strategy = HubStrategy(training.get("hub_strategy", HubStrategy.EVERY_SAVE))
        self._always = bool(training.get("hub_always_push", False))
        self._revision: str | None = training.get("hub_revision")
        self._uploads: list[_Upload] = []
        self._worker = _Worker()
        shutil.rmtree(self._staging, ignore_errors=True)  # left by a killed run
        self._repository = self._create(training.get("hub_model_id") or plan.name)
        self._log.note(f'pushing to "{self._repository}" on the Hub')

    def __enter__(self) -> HubPush:
        return self

    def __exit__(self, *error: object) -> None:
        """Cancel the uploads that are left, and remove their staged files. A finished run has
        waited for all uploads; any other run can be resumed, and pushes again."""
        self._settle()
        for upload in self._uploads:
            upload.job.cancel()
            self._log.note(f"the checkpoint of step {upload.step} is not pushed: the run ended")
        shutil.rmtree(self._staging, ignore_errors=True)

    @property
    def _staging(self) -> Path:
        """The folder of files to upload: the Trainer may remove a checkpoint during its upload."""
        return self._run_dir.path / ".push"

    def _create(self, name: str) -> str:
        private = self._plan.training.get("hub_private_repo")
        try:
            created = self._api.create_repo(name, private=private, exist_ok=True).repo_id
            if self._revision is not None:
                self._api.create_branch(created, branch=self._revision, exist_ok=True)
        except HFValidationError as error:
            raise self._error(name, error, ("training", "hub_model_id")) from error
        except _FAILURES as error:
            raise self._error(name, error, ("training", "push_to_hub")) from error
        repository: str = created
        return repository

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Push the checkpoint that was just saved, unless another upload is running."""
        self._settle()
        if self._strategy == HubStrategy.END or (self._uploads and not self._always):
            return
        name = f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}"
        try:
            staged = self._stage(self._run_dir.checkpoints / name)
        except OSError as error:  # such as a full disk; the checkpoint itself is saved
            self._warn(state.global_step, error)
            return
        message = f"Training in progress, step {state.global_step}"
        self._start(staged, message, state.global_step, ignore_patterns=[*STATE_OF_TRAINING])
        if self._strategy in (HubStrategy.CHECKPOINT, HubStrategy.ALL_CHECKPOINTS):
            is_last = self._strategy == HubStrategy.CHECKPOINT
            folder = "last-checkpoint" if is_last else name
            message = f"{message}, checkpoint"
            self._start(staged, message, state.global_step, path_in_repo=folder)

    def _start(self, folder: Path, message: str, step: int, **options: Any) -> None:
        upload = partial(
            self._api.upload_folder,
            repo_id=self._repository,
            revision=self._revision,
            folder_path=folder,
            commit_message=message,
            **options,
        )
        self._uploads.append(_Upload(self._worker.start(upload), folder, step))

    def _stage(self, folder: Path) -> Path:
        """A new folder with a card and the same files, as hard links if possible. A checkpoint may
        be saved again while it is uploaded."""
        self._staging.mkdir(exist_ok=True)
        staged = Path(tempfile.mkdtemp(dir=self._staging))
        without_manifest = shutil.ignore_patterns(MANIFEST)  # the card is added to the files
        shutil.copytree(
            folder, staged, ignore=without_manifest, copy_function=_link, dirs_exist_ok=True
        )
        write_card(self._plan, self._run_dir, staged)
        return staged

    def _settle(self) -> None:
        """Report the uploads that failed, and remove the staged files of those that have ended. A
        hard link keeps the file of a removed checkpoint on the disk."""
        ended = [upload for upload in self._uploads if upload.job.done()]
        self._uploads = [upload for upload in self._uploads if upload not in ended]
        for upload in ended:
            error = None if upload.job.cancelled() else upload.job.exception()
            if error is not None:
                self._warn(upload.step, error)
            if not any(upload.folder == other.folder for other in self._uploads):
                shutil.rmtree(upload.folder, ignore_errors=True)

    def _warn(self, step: int, error: BaseException) -> None:
        self._log.warn(f"the checkpoint of step {step} was not pushed: {_reason(error)}")

    def finish(self) -> None:
        """Push the final model, after the uploads that are still running.

        Raises:
            RunError: it cannot be pushed; it is saved in the run directory.
        """
        self._wait_for_uploads()
        try:
            self._api.upload_folder(
                repo_id=self._repository,
                folder_path=self._stage(self._run_dir.model),
                commit_message="End of training",
                revision=self._revision,
            )
        except _FAILURES as error:
            raise self._error(self._repository, error, ("training", "push_to_hub")) from error
        self._log.note(f'pushed to "{self._repository}"')

    def _wait_for_uploads(self) -> None:
        """Wait as long as bytes arrive: a request that does not go on fails by itself."""
        pause = _SAID_AFTER
        while wait((upload.job for upload in self._uploads), timeout=pause).not_done:
            pause = _SAID_AGAIN_AFTER
            steps = ", ".join(str(one.step) for one in self._uploads if not one.job.done())
            self._log.note(f"waiting for the upload of the checkpoint of step {steps}")
        self._settle()

    def _error(self, repository: str, error: BaseException, at: SpecPath) -> RunError:
        status = getattr(getattr(error, "response", None), "status_code", None)
        helps = ["to run without pushing: --set training.push_to_hub=false"]
        if status in (401, 403):
            helps.insert(0, "use a token with write access: hub_token: ${env:HF_TOKEN}")
        elif os.environ.get("HF_HUB_OFFLINE"):
            helps.insert(0, "HF_HUB_OFFLINE is set, or the Hub did not answer when the run started")
        return RunError(
            f'cannot push to "{repository}": {_reason(error)}',
            slug="cannot-push",
            at=at,
            helps=tuple(helps),
        )


def _reason(error: BaseException) -> str:
    """What happened: the client wraps it in an error that only names the file."""
    faults = (one for one in causes_of(error) if isinstance(one, HubFaultError))
    return in_one_line(next(faults, error))


def _link(source: str, target: str) -> None:
    try:
        Path(target).hardlink_to(source)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)
