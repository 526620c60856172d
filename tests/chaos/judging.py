"""What may come of a disturbed command, in one place for all attacks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ftspec.cache import entries_in
from ftspec.files import sha256_of
from ftspec.manifest import find_damage
from tests.chaos.place import Place, run_in
from tests.chaos.trained import Trained
from tests.chaos.verdict import LostError, SilentError, Verdict
from tests.cli.command import Done

_FELL_BACK = ("it is now", "passed over", "again", "an earlier one", "was damaged", "is damaged")


def require_clear(done: Done) -> None:
    """Check that a command shows no bug.

    Raises:
        LostError: it does.
    """
    if "Traceback" in done.out + done.err:
        raise LostError(f"a traceback: {done.said[-1500:]}")
    if done.code == 3:
        raise LostError(f"exit code 3: {done.said[-1500:]}")


def require_refusal(done: Done, names: Iterable[str] = ()) -> Verdict:
    """Check that a command that did not succeed explains it, and names all of ``names``.

    Raises:
        LostError: it does not.
    """
    require_clear(done)
    if done.code not in (1, 2):
        raise LostError(f"exit code {done.code}: {done.said[-1000:]}")
    if "error" not in done.err:
        raise LostError(f"no error is said: {done.said[-1000:]}")
    if "the traceback is in" in done.err and "cannot write" not in done.err:
        raise LostError(f"the error is not explained: {done.said[-1000:]}")
    said = done.err[done.err.index("error") :]
    for name in names:
        if name not in said:
            raise LostError(f'"{name}" is not named: {done.said[-1000:]}')
    return Verdict("refused", said)


def require_reference(trained: Trained, done: Done) -> Verdict:
    """Check that a run ended like the undisturbed one.

    Raises:
        LostError: it did not end.
        SilentError: it made something else.
    """
    require_clear(done)
    if done.code != 0:
        raise LostError(f"exit code {done.code}: {done.said[-1500:]}")
    run_dir = run_in(done)
    trained.require(run_dir)
    damage = find_damage(run_dir / "model")
    if damage is not None:
        raise LostError(f"the finished model is not whole: {damage}")
    said = any(words in done.err for words in _FELL_BACK)
    return Verdict("noted" if said else "reference")


def require_right_or_refused(place: Place, run_dir: Path) -> None:
    """Check that the model of a run is used only if it is the right one.

    Raises:
        LostError: the refusal is not clear.
        SilentError: another model is used.
    """
    done = place.predict(run_dir)
    if done.code != 0:
        require_refusal(done)
    elif done.out != place.prediction:
        raise SilentError(f'predict used a model that is not whole: "{done.out}"')


def require_checkpoint_of(run_dir: Path, every: int = 2) -> None:
    """Check that a dead run has a whole checkpoint at least as late as what it logged says.

    Raises:
        LostError: a checkpoint is gone.
    """
    log = run_dir / "log.txt"
    text = log.read_text("utf-8", "replace") if log.exists() else ""
    steps = [int(step) for step in re.findall(r"ftspec\.run: step (\d+): ", text)]
    expected = (max(steps, default=1) - 1) // every * every
    if expected == 0:
        return
    folders = (run_dir / "checkpoints").glob("checkpoint-*")
    whole = [int(one.name[11:]) for one in folders if find_damage(one) is None]
    if max(whole, default=0) < expected:
        raise LostError(f"the run saved step {expected}, and the whole checkpoints are {whole}")


def require_sound_cache(cache: Path) -> None:
    """Check that no entry of a cache is half made.

    Raises:
        SilentError: one is.
    """
    for entry in entries_in(cache / "prepared"):
        files = entry.record.get("files")
        if not files:
            raise SilentError(f"the cache has an entry without a record: {entry.path.name}")
        for name, digest in files.items():
            if sha256_of(entry.path / name) != digest:
                raise SilentError(f'"{name}" in the cache is not whole')
