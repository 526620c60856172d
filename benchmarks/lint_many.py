"""How time and memory grow with the number of specs in one ``ftspec lint``.

The specs are copies of those in ``specs/`` that need no data files next to them, with their bases.
The goal is 3 seconds of one core for 1,000 specs, in no more memory than 10 specs take.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from benchmarks.processes import ROOT, Python, python, run_interleaved
from benchmarks.rows import Row, compare

COUNTS = (1, 10, 100, 1000)
_NAMES = (
    "agnews_bert",
    "cnn_t5",
    "translation_t5",
    "wikitext_gpt2",
    "xlsum_bangla_mt5",
    "yelp_bert",
)


def measure(rounds: int) -> Iterator[Row]:
    """CPU time and peak memory by the number of specs."""
    with tempfile.TemporaryDirectory() as folder:
        commands = {_case(count): _lint(Path(folder, str(count)), count) for count in COUNTS}
        used = run_interleaved(commands, max(3, rounds // 4))
    seconds = {case: [one.processor for one in usages] for case, usages in used.items()}
    memory = {case: [one.memory for one in usages] for case, usages in used.items()}
    each = {
        _case(count): [
            1000 * (many - one) / (count - 1)
            for many, one in zip(seconds[_case(count)], seconds[_case(1)], strict=True)
        ]
        for count in COUNTS[1:]
    }
    yield from compare("CPU time, s", seconds)
    yield from compare("for each further spec, ms", each)
    yield from compare("most memory, MB", memory, to=_case(10))


def _case(count: int) -> str:
    return f"{count:,} specs" if count > 1 else "1 spec"


def _lint(folder: Path, count: int) -> Python:
    shutil.copytree(ROOT / "specs" / "base", folder / "base")
    texts = [(ROOT / "specs" / f"{name}.yaml").read_text(encoding="utf-8") for name in _NAMES]
    for number, text in enumerate(islice(cycle(texts), count)):
        (folder / f"{number}.yaml").write_text(text, encoding="utf-8")
    says = f"{count} spec{'s' if count > 1 else ''}: no problems found"
    return python("-m", "ftspec", "lint", str(folder), says=says)
