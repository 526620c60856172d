"""The card of a model: its spec, its metrics and the versions. Imports without torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ftspec.document.dump import dump
from ftspec.escaping import visible
from ftspec.markdown import code, fenced, plain
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory, damaged_file
from ftspec.spec.base import is_local

_LIBRARIES = ("torch", "transformers", "datasets")


def write_card(plan: Plan, run_dir: RunDirectory, folder: Path) -> None:
    """Write the card of a model into its folder, with the text that a library wrote there.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / "README.md"
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    path.unlink(
        missing_ok=True
    )  # it may be a hard link to the file of a checkpoint, which must not change
    path.write_text(card_of(plan, run_dir, before), encoding="utf-8")


def card_of(plan: Plan, run_dir: RunDirectory, before: str = "") -> str:
    """The text of ``README.md``: the text ``before``, which a library wrote, or a title; then the
    run, which may still be training. Values of environment variables are as in the spec, and tokens
    are masked."""
    lock = run_dir.read_json("lock.json")
    if not lock.keys() >= {"model", "parameters", "splits", "command"}:
        raise damaged_file(run_dir.path / "lock.json")
    spec = run_dir.read_text("spec.yaml").strip()
    sections = (
        before.strip() or _title(plan),
        "## Metrics",
        "\n".join(_metrics(run_dir)),
        "## Run",
        "\n".join(_facts(plan, lock)),
        "## Spec",
        fenced(spec, "yaml", 4),
    )
    return visible(plan.mask("\n\n".join(sections))) + "\n"


def _title(plan: Plan) -> str:
    data: dict[str, Any] = {"library_name": "transformers", "tags": ["ftspec"]}
    checkpoint = _hub_name(plan)
    if checkpoint is not None:
        data = {"base_model": checkpoint, **data}
    title = f"---\n{dump(data)}---\n\n# {plain(plan.name)}"
    return title if plan.description is None else f"{title}\n\n{_paragraphs(plan.description)}"


def _paragraphs(text: str) -> str:
    return "\n\n".join(plain(one) for one in text.split("\n\n") if one.strip())


def _hub_name(plan: Plan) -> str | None:
    """The checkpoint, if it is on the Hub and not secret. The name of a folder means nothing on
    another machine, and a reference to the environment is not a valid name on the Hub."""
    name = plan.model.checkpoint
    if name is None or is_local(name) or name.startswith("package:"):
        return None
    return name if plan.mask(name) == name else None


def _metrics(run_dir: RunDirectory) -> Iterator[str]:
    if not (run_dir.path / "metrics.json").exists():
        yield "Training is not finished yet."
        return
    yield "| split | metric | value |"
    yield "|---|---|---|"
    for split, metrics in run_dir.read_json("metrics.json").items():
        for name, value in metrics.items():
            shown = "no number" if value is None else f"{value:.4g}"
            yield f"| {plain(split)} | {plain(name)} | {shown} |"


def _facts(plan: Plan, lock: Mapping[str, Any]) -> Iterator[str]:
    """The facts in the lock, without the paths of a machine."""
    yield f"- task: {plain(plan.task.type)}"
    checkpoint, revision = _hub_name(plan), (lock["model"] or {}).get("revision")
    if checkpoint is not None:
        yield f"- checkpoint: {code(checkpoint)}" + (f" at {code(revision)}" if revision else "")
    parameters = lock["parameters"]
    yield f"- parameters trained: {parameters['trained']:,} of {parameters['total']:,}"
    for name, facts in lock["splits"].items():
        if "rows" in facts:
            yield f"- {plain(name)}: {facts['rows']:,} rows, SHA-256 `{facts['sha256']}`"
    options = " ".join(_options(lock["command"]))
    yield f"- options of the run: {code(options)}" if options else "- options of the run: none"
    yield f"- seed: {lock['seeds']['run']}"
    yield f"- precision: {lock['precision']}, on {plain(str(lock['device']))}"
    plugins = [f"{one['distribution']} {one['version']}" for one in lock["plugins"].values()]
    libraries = [f"{name} {lock['packages'][name]}" for name in _LIBRARIES]
    made_by = ", ".join([f"ftspec {lock['ftspec']}", *plugins, *libraries])
    yield f"- made by {plain(made_by)}, Python {lock['python']}"


def _options(command: list[str]) -> Iterator[str]:
    """The options of the command line that changed the spec."""
    for index, word in enumerate(command):
        if word in ("--profile", "--set"):
            yield " ".join(command[index : index + 2])
        elif word.startswith(("--profile=", "--set=")):
            yield word
