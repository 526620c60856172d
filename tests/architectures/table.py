"""The page with the verdict of every pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import torch
import transformers

from tests.architectures.pairs import TASKS
from tests.architectures.verdict import SAME, Outcome, Verdict

COLUMNS = (
    "architecture",
    "variant",
    "verdict",
    "gradient 16 x 1",
    "gradient 4 x 4",
    "what ftspec says",
)

_MEANINGS: dict[Outcome, str] = {
    "same": "The loss and the gradient are those of one padded batch.",
    "padded": "Batches are padded, and the log of the run says so. The gradient is that of the "
    "same batches with `batching: padded`.",
    "refused": "The run ends with an error before it trains. The error says why.",
    "deviates": "Something differs, and nothing is said.",
    "failed": "A library raises an error that ftspec does not explain.",
    "not built": "There is no small model of this architecture here. The table says why.",
}

_INTRODUCTION = """\
# Architectures

`make architectures` writes this page. Nobody edits it by hand.

It trains a small random model of every architecture that transformers {transformers} has for five
tasks, and of some variants. The weights are scaled so that attention and padding matter. Models are
in fp32, without dropout and without noise in routers. The data are 48 rows of 6 to 120 tokens. For
each pair it compares:

- **the gradient**: the loss and the full gradient of a step of 16 rows, at once (16 x 1) and
  accumulated (4 x 4), with one padded batch of these rows. The number is the norm of the
  difference, relative to the norm. Up to {same:g} is the same.
- **evaluation**: the validation loss with that of each row alone, up to {same:g}.
- **the next token**: the loss of text generation with that of the next token, up to {same:g}. A
  model whose loss does not shift labels would learn to copy its input.
- **predictions**: what `ftspec predict` gives for 12 rows in batches, and for each alone.
- **the saved model**: its outputs, when transformers loads it without ftspec.

torch {torch}, on a CPU.
"""


def render_page(verdicts: Iterable[Verdict]) -> str:
    """The page as Markdown."""
    ordered = sorted(verdicts, key=_place)
    parts = [
        _INTRODUCTION.format(
            transformers=transformers.__version__,
            torch=torch.__version__.partition("+")[0],
            same=SAME,
        ),
        "\n".join(_summary(ordered)),
    ]
    for task in TASKS:
        of_task = [verdict for verdict in ordered if verdict.pair.task == task]
        if of_task:
            parts.append("\n".join([f"## {task}", "", *_table(of_task)]))
    return "\n".join(f"{part.rstrip()}\n" for part in parts)


def _place(verdict: Verdict) -> tuple[int, str, str]:
    pair = verdict.pair
    return [*TASKS].index(pair.task), pair.model_type, pair.variant


def _summary(verdicts: Sequence[Verdict]) -> Iterator[str]:
    counts = Counter(verdict.outcome for verdict in verdicts)
    yield f"## {len(verdicts):,} pairs"
    yield ""
    yield "| verdict | pairs | what it means |"
    yield "|---|---|---|"
    for outcome, meaning in _MEANINGS.items():
        if counts[outcome]:
            yield f"| {outcome} | {counts[outcome]:,} | {meaning} |"


def _table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield f"|{'---|' * len(COLUMNS)}"
    for verdict in verdicts:
        pair, measures = verdict.pair, verdict.measures
        gradients = ["", ""]
        if measures is not None:
            gradients = [_number(measures.at_once), _number(measures.accumulated)]
        cells = [pair.model_type, pair.variant, verdict.outcome, *gradients, _said(verdict)]
        yield f"| {' | '.join(cells)} |"


def _number(difference: float) -> str:
    return f"{difference:.0e}" if difference else "0"


def _said(verdict: Verdict) -> str:
    faults = f"differs: {', '.join(verdict.faults)}" if verdict.faults else ""
    text = "; ".join(part for part in (faults, verdict.says) if part)
    return text.replace("|", "\\|").replace("<", "&lt;")


def read_page(page: str) -> dict[str, str]:
    """The verdict of each pair in a page, by the pair's name."""
    verdicts, task = {}, ""
    for line in page.splitlines():
        if line.startswith("## "):
            task = line.removeprefix("## ")
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if task in TASKS and len(cells) >= len(COLUMNS) and cells[0] not in (COLUMNS[0], "---"):
            name = "/".join(part for part in (task, *cells[:2]) if part)
            verdicts[name] = cells[2]
    return verdicts
