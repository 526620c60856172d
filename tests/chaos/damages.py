"""Damage to what a run wrote and to what it reads: the reference result, or a clear refusal."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from tests.chaos.damage import DAMAGES, damage_folder
from tests.chaos.judging import require_reference, require_refusal
from tests.chaos.kills import contents_of
from tests.chaos.place import SECONDS, Place
from tests.chaos.verdict import BadEndError, Kind, SilentError, Verdict
from tests.cli.command import Done

_KEPT = ("--set", "training.save_total_limit=3", "--set", "output.keep_optimizer=true")
_CHECKPOINT = "checkpoints/checkpoint-6"
_OF_RUN = (
    "status.json",
    "lock.json",
    "plan.json",
    "spec.yaml",
    "spec.resolved.yaml",
    "metrics.jsonl",
    "log.txt",
    ".lock",
)
_FOR_PEOPLE = ("spec.yaml", "spec.resolved.yaml", "log.txt")
"""Who changes one of these in part has edited it."""
_OF_CHECKPOINT = (
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "optimizer.pt",
    "scheduler.pt",
    "rng_state.pth",
    "trainer_state.json",
    "manifest.json",
)
_OF_MODEL = (
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "manifest.json",
)
_INPUTS = ("bert/config.json", "bert/model.safetensors", "bert/tokenizer.json", "rows.jsonl")


def attack(place: Place, phase: str, rng: Random) -> Verdict:
    """Damage a file, and use what it belongs to."""
    with place.attempt() as folder:
        said = [phase]
        try:
            verdict = _ATTACKS[phase](place, folder, rng, said)
        except BadEndError as error:
            raise type(error)(f"{', '.join(said)}: {error}") from error
        return Verdict(verdict.outcome, f"{', '.join(said)}: {verdict.detail}")


def _attack_run(place: Place, folder: Path, rng: Random, said: list[str]) -> Verdict:
    run_dir = _killed_run(place, folder)
    name = rng.choice(_OF_RUN)
    said += [name, _damage(run_dir / name, rng)]
    return _resume(place, run_dir, said)


def _attack_checkpoint(place: Place, folder: Path, rng: Random, said: list[str]) -> Verdict:
    run_dir = _killed_run(place, folder)
    checkpoint = run_dir / _CHECKPOINT
    if rng.random() < 0.1:
        said += ["the folder", damage_folder(checkpoint, rng)]
    else:
        name = rng.choice(_OF_CHECKPOINT)
        said += [name, _damage(checkpoint / name, rng)]
    if rng.random() < 0.3:  # no whole checkpoint is left
        for other in run_dir.glob("checkpoints/checkpoint-[24]"):
            shutil.rmtree(other)
        said.append("the only one")
    return _resume(place, run_dir, said)


def _attack_model(place: Place, folder: Path, rng: Random, said: list[str]) -> Verdict:
    run_dir = _copy(place, folder)
    name = rng.choice(_OF_MODEL)
    said += [name, _damage(run_dir / "model" / name, rng)]
    return _use(place, run_dir, rng, said)


def _attack_finished(place: Place, folder: Path, rng: Random, said: list[str]) -> Verdict:
    """Damage what surrounds the model of a finished run."""
    run_dir = _copy(place, folder)
    name = rng.choice((*_OF_RUN, "metrics.json", "performance.json"))
    said += [name, _damage(run_dir / name, rng)]
    return _use(place, run_dir, rng, said)


def _attack_cache(place: Place, folder: Path, rng: Random, said: list[str]) -> Verdict:
    cache = shutil.copytree(place.cache, folder / "cache")
    files = sorted(one for one in cache.rglob("*") if one.is_file() and ".locks" not in one.parts)
    file = rng.choice(files)
    said += [file.name, _damage(file, rng)]
    return require_reference(place.trained, place.start_run(folder, cache).wait(SECONDS))


def _attack_inputs(place: Place, folder: Path, rng: Random, said: list[str]) -> Verdict:
    """A run that goes on with another model or other rows would end with other weights."""
    run_dir = _killed_run(place, folder)
    file = place.folder / rng.choice(_INPUTS)
    with _restored(file):
        said += [file.name, _damage(file, rng)]
        return _resume(place, run_dir, said, is_left=False)


_ATTACKS = {
    "run directory": _attack_run,
    "checkpoint": _attack_checkpoint,
    "model": _attack_model,
    "finished run": _attack_finished,
    "cache": _attack_cache,
    "inputs": _attack_inputs,
}


def _use(place: Place, run_dir: Path, rng: Random, said: list[str]) -> Verdict:
    """Use a finished run, of which a file is damaged."""
    use = rng.choice(("predict", "export", "resume"))
    said.append(use)
    if use == "resume":
        return _resume(place, run_dir, said)
    if use == "predict":
        done = place.predict(run_dir)
        if done.code == 0 and done.out != place.prediction:
            raise SilentError(f"predict used a damaged model: {done.out}")
    else:
        output = run_dir.parents[1] / "out"
        done = place.start("export", run_dir, output).wait(SECONDS)
        if done.code == 0 and _unlike_model(place, output):
            raise SilentError("export copied a damaged model")
    return Verdict("reference") if done.code == 0 else require_refusal(done, [said[1]])


def _resume(place: Place, run_dir: Path, said: list[str], *, is_left: bool = True) -> Verdict:
    """Resume a run by its name. Where that is refused, ``auto`` must find a way or say how, unless
    the inputs of the run are damaged."""
    done = _run(place, run_dir, "--resume", str(run_dir))
    if done.code == 0:
        return require_reference(place.trained, done)
    verdict = require_refusal(done, [_named(said)] if is_left else ())
    if is_left:
        done = _run(place, run_dir, "--resume", "auto")
        if done.code == 0:
            require_reference(place.trained, done)
        else:  # it found the same run
            require_refusal(done, [_named(said), "start a new run"])
    return verdict


def _named(said: list[str]) -> str:
    """What a refusal must name: the file, or the checkpoint that it belongs to."""
    phase, name, *_ = said
    return "checkpoint" if phase == "checkpoint" else name


def _run(place: Place, run_dir: Path, *more: str) -> Done:
    return place.start_run(run_dir.parents[1], None, *_KEPT, *more).wait(SECONDS)


def _damage(file: Path, rng: Random) -> str:
    kinds = [*DAMAGES]
    if file.name in _FOR_PEOPLE:
        kinds = [kind for kind in kinds if kind not in ("a flipped bit", "appended")]
    kind = rng.choice(kinds)
    file.touch()  # the lock is there only where a process owned the run
    if kind == "a flipped bit" and file.stat().st_size == 0:
        kind = "garbage"
    DAMAGES[kind](file, rng)
    return kind


def _copy(place: Place, folder: Path) -> Path:
    """A finished run that has kept all its checkpoints."""
    kept = place.folder / "kept"
    if not kept.exists():
        done = place.start_run(kept, None, *_KEPT).wait(SECONDS)
        require_reference(place.trained, done)
    [original] = kept.glob("*/*")
    return Path(shutil.copytree(original, folder / "chaos" / original.name))


def _killed_run(place: Place, folder: Path) -> Path:
    """A run that was killed after its last checkpoint."""
    run_dir = _copy(place, folder)
    shutil.rmtree(run_dir / "model")
    for name in ("metrics.json", "performance.json", "report.html"):
        (run_dir / name).unlink()
    lines = (run_dir / "metrics.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (run_dir / "metrics.jsonl").write_text("".join(lines[:-1]), encoding="utf-8")
    status = run_dir / "status.json"
    status.write_text(status.read_text().replace('"finished"', '"training"'), encoding="utf-8")
    return run_dir


def _unlike_model(place: Place, folder: Path) -> bool:
    exported, model = contents_of(folder), contents_of(place.reference / "model")
    return any(exported.get(name) != model[name] for name in model if name != "manifest.json")


@contextmanager
def _restored(file: Path) -> Iterator[None]:
    """Put a file back at the end."""
    content = file.read_bytes()
    try:
        yield
    finally:
        if file.is_dir():
            file.rmdir()
        file.write_bytes(content)


DAMAGES_OF_FILES = Kind(
    "damages",
    ("run directory", "checkpoint", "model", "finished run", "cache", "inputs"),
    short=2,
    long=48,
    attack=attack,
)
