"""The card of an exported model: its spec, its metrics and what made it. Imports without torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ftspec.document.dump import dump
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory
from ftspec.spec.base import is_local

_LIBRARIES = ("torch", "transformers", "datasets")


def write_card(plan: Plan, run_dir: RunDirectory, folder: Path) -> None:
    """Write the card of a model into its folder, around the one that a library wrote there.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / "README.md"
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    path.unlink(missing_ok=True)  # it may be a link to the file of a checkpoint, which stays
    path.write_text(card_of(plan, run_dir, before), encoding="utf-8")


def card_of(plan: Plan, run_dir: RunDirectory, before: str = "") -> str:
    """The text of ``README.md``: what stood there ``before``, as a library wrote it, or a title;
    then the run, which need not be finished. Values of the environment are as the spec writes them,
    and no token in clear is in it."""
    lock = run_dir.read_json("lock.json")
    spec = (run_dir.path / "spec.yaml").read_text(encoding="utf-8").strip()
    sections = (
        before.strip() or _title(plan),
        "## Metrics",
        "\n".join(_metrics(run_dir)),
        "## Run",
        "\n".join(_facts(plan, lock)),
        "## Spec",
        f"````yaml\n{spec}\n````",
    )
    return plan.mask("\n\n".join(sections)) + "\n"


def _title(plan: Plan) -> str:
    data: dict[str, Any] = {"library_name": "transformers", "tags": ["ftspec"]}
    checkpoint = _hub_name(plan)
    if checkpoint is not None:
        data = {"base_model": checkpoint, **data}
    title = f"---\n{dump(data)}---\n\n# {plan.name}"
    return title if plan.description is None else f"{title}\n\n{plan.description}"


def _hub_name(plan: Plan) -> str | None:
    """The checkpoint, if it is on the Hub and no secret: the name of a folder says nothing
    elsewhere, and the Hub takes no reference to the environment for a name."""
    name = plan.model.checkpoint
    if name is None or is_local(name) or name.startswith("package:"):
        return None
    return name if plan.mask(name) == name else None


def _metrics(run_dir: RunDirectory) -> Iterator[str]:
    if not (run_dir.path / "metrics.json").exists():
        yield "Training is still going on."
        return
    yield "| split | metric | value |"
    yield "|---|---|---|"
    for split, metrics in run_dir.read_json("metrics.json").items():
        for name, value in metrics.items():
            yield f"| {split} | {name} | {value:.4g} |"


def _facts(plan: Plan, lock: Mapping[str, Any]) -> Iterator[str]:
    """What the lock has, less the paths of a machine."""
    yield f"- task: {plan.task.type}"
    checkpoint, revision = _hub_name(plan), (lock["model"] or {}).get("revision")
    if checkpoint is not None:
        yield f"- checkpoint: `{checkpoint}`" + (f" at `{revision}`" if revision else "")
    parameters = lock["parameters"]
    yield f"- parameters trained: {parameters['trained']:,} of {parameters['total']:,}"
    for name, facts in lock["splits"].items():
        if "rows" in facts:
            yield f"- {name}: {facts['rows']:,} rows, SHA-256 `{facts['sha256']}`"
    options = " ".join(_options(lock["command"]))
    yield f"- options of the run: `{options}`" if options else "- options of the run: none"
    yield f"- seed: {lock['seeds']['run']}"
    yield f"- precision: {lock['precision']}, on {lock['device']}"
    plugins = [f"{one['distribution']} {one['version']}" for one in lock["plugins"].values()]
    libraries = [f"{name} {lock['packages'][name]}" for name in _LIBRARIES]
    made_by = ", ".join([f"ftspec {lock['ftspec']}", *plugins, *libraries])
    yield f"- made by {made_by}, Python {lock['python']}"


def _options(command: list[str]) -> Iterator[str]:
    """What of the command line changed the spec."""
    for index, word in enumerate(command):
        if word in ("--profile", "--set"):
            yield " ".join(command[index : index + 2])
        elif word.startswith(("--profile=", "--set=")):
            yield word
