"""Mutated specs through lint: never an exception, and never a slow one."""

from __future__ import annotations

import time
import traceback
from functools import cache
from pathlib import Path
from random import Random

from ftspec.diagnostics.model import Severity
from ftspec.linting import lint
from ftspec.registry.discover import build_registry
from ftspec.registry.registry import Registry
from ftspec.span import SourceText
from tests.chaos.judging import require_clear
from tests.chaos.place import SECONDS, Place
from tests.chaos.verdict import Kind, LostError, Verdict
from tests.cli.command import SPECS

_MOST_SECONDS = 5.0
_BY_COMMAND = 0.005
"""How many of all go through the command line."""
_ODD = (
    *("", " ", "\t", "\n", "\0", "\x1b[31m", "\ufeff", "\u2028", "\ud800", "🦙", "ß", "a" * 3000),
    *(
        "{",
        "}",
        "[",
        "]",
        "[[[[",
        "{{{{",
        ":",
        ": ",
        "- ",
        "#",
        "'",
        '"',
        "|",
        ">",
        "&a",
        "*a",
        "<<",
    ),
    *("!!python/object:os.system", "!!binary", "!!set", "%YAML 1.3", "---", "...", "? "),
    *("null", "~", "true", "yes", ".nan", ".inf", "-1", "0", "1e300", "9" * 400, "0x7f", "1_000"),
    *("2001-01-01", "[]", "{}", "{a: b}", "${env:HOME}", "${env:}", "${", "{text}", "{text.x!r}"),
    *("extends: .", "extends: [a, b]", "profiles: {a: {profiles: {}}}", "train[:-1%]", "**/*"),
)


def attack(place: Place, phase: str, rng: Random) -> Verdict:
    """Lint a mutated spec."""
    path = SPECS / f"{phase}.yaml"
    text = path.read_text(encoding="utf-8")
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        text = mutated(text, rng)
    if rng.random() < _BY_COMMAND:
        return _lint_by_command(place, text)
    began = time.process_time()
    try:
        found = lint(SourceText(path.name, text, path), _registry())
    except Exception as error:
        raise LostError(f"{traceback.format_exc()[-1200:]} for {text!r}") from error
    if time.process_time() - began > _MOST_SECONDS:
        raise LostError(f"lint took {time.process_time() - began:.1f} s for {text!r}")
    is_refused = any(one.severity is Severity.ERROR for one in found)
    return Verdict("refused" if is_refused else "reference")


def mutated(text: str, rng: Random) -> str:
    """A text with one change: of a line, of characters, or of where something stands."""
    lines = text.split("\n")
    at = rng.randrange(len(lines))
    kind = rng.randrange(9)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, lines[rng.randrange(len(lines))])
    elif kind == 2:
        lines[at] = " " * rng.randrange(5) + lines[at]
    elif kind == 3:
        key, colon, _ = lines[at].partition(":")
        lines[at] = f"{key}{colon} {rng.choice(_ODD)}"
    elif kind == 4:
        other = rng.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == 5:
        place = rng.randrange(len(lines[at]) + 1)
        lines[at] = lines[at][:place] + rng.choice(_ODD) + lines[at][place:]
    elif kind == 6:
        place = rng.randrange(len(lines[at]) + 1)
        lines[at] = lines[at][:place] + lines[at][place + rng.randrange(1, 4) :]
    elif kind == 7:
        lines = lines[:at]
    else:
        place = rng.randrange(len(lines[at]) + 1)
        odd = chr(rng.randrange(0x20, 0xD7FF))
        lines[at] = lines[at][:place] + odd + lines[at][place + 1 :]
    return "\n".join(lines)


def _lint_by_command(place: Place, text: str) -> Verdict:
    path: Path = place.folder / "mutant.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    done = place.start("lint", path).wait(SECONDS)
    require_clear(done)
    if done.code not in (0, 1):
        raise LostError(f"{done.said[-1000:]} for {text!r}")
    return Verdict("refused" if done.code else "reference")


@cache
def _registry() -> Registry:
    return build_registry()


MUTATIONS = Kind(
    "mutations",
    tuple(sorted(path.stem for path in SPECS.glob("*.yaml"))),
    short=400,
    long=10_000,
    attack=attack,
)
