"""How long linting one spec takes, compared with importing its libraries and with transformers.

The goal is 1.5 times the import of the four libraries, and it is missed. pydantic imports its
models lazily, so this import leaves out what every program with a model loads: a program that uses
one model with one field once is over the goal already. The rest is ftspec's own modules and models.
Ending the process without tearing it down saves a sixth. The closest comparison outside of ftspec
is transformers, which refuses a misspelt setting when it builds ``TrainingArguments``.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.processes import python, run_interleaved
from benchmarks.rows import Row, compare

LIBRARIES = "import the libraries"
_IMPORT = "import click, pluggy, yaml"
_MODEL = f"""{_IMPORT}
from pydantic import BaseModel
class Model(BaseModel):
    number: int
Model(number=1)
"""
_MISSPELT = (
    "from transformers import TrainingArguments\n"
    "TrainingArguments(output_dir='x', lerning_rate=3e-4)"
)
_SPEC = "specs/yelp_bert.yaml"

COMMANDS = {
    "python -c pass": python("-c", "pass"),
    LIBRARIES: python("-c", f"{_IMPORT}, pydantic"),
    "import them, and pydantic's BaseModel": python(
        "-c", f"{_IMPORT}\nfrom pydantic import BaseModel"
    ),
    "import them, and use a model of one field": python("-c", _MODEL),
    "ftspec lint, a sound spec": python("-m", "ftspec", "lint", _SPEC, says="no problems found"),
    "ftspec lint, a misspelt setting": python(
        *("-m", "ftspec", "lint", _SPEC, "--set", "training.lerning_rate=3e-4"),
        code=1,
        says='did you mean "learning_rate"?',
    ),
    "TrainingArguments, a misspelt setting": python(
        "-c", _MISSPELT, code=1, says="unexpected keyword argument 'lerning_rate'"
    ),
}


def measure(rounds: int) -> Iterator[Row]:
    """Wall time and CPU time of each command."""
    used = run_interleaved(COMMANDS, rounds)
    clock = {case: [1000 * one.clock for one in usages] for case, usages in used.items()}
    processor = {case: [1000 * one.processor for one in usages] for case, usages in used.items()}
    yield from compare("wall time, ms", clock, to=LIBRARIES)
    yield from compare("CPU time, ms", processor, to=LIBRARIES)
