"""Specs written to break the reader: each gives findings quickly, and no traceback.

The large specs are just below the size limit of ftspec, where quadratic time would take minutes.
``tests/unit/document`` tests small texts.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ftspec.document.load import LARGEST
from ftspec.document.parse import MOST_NODES
from tests.cli.command import ROOT, Done, assert_no_traceback, own_environment, run
from tests.cli.light import ftspec

SOUND = (ROOT / "tests" / "cases" / "_sound.yaml").read_text(encoding="utf-8")
# of processor time beyond start-up, so that a busy machine does not matter; a tenth of it is usual,
# and quadratic time would take minutes
SECONDS = 5
SOURCE = "{type: hub, path: acme/reviews, revision: v1}"
KEYS = MOST_NODES // 2 - 50
ITEMS = MOST_NODES - 100
ROOM = LARGEST - 1000  # bytes


# writes the processor time of ftspec alone to a file
MEASURED = """
import os, pathlib, resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "ftspec", *sys.argv[1:]])
spent = resource.getrusage(resource.RUSAGE_CHILDREN)
pathlib.Path(os.environ["SPENT"]).write_text(str(spent.ru_utime + spent.ru_stime))
sys.exit(done.returncode)
"""


@dataclass(frozen=True)
class Case:
    """A text and the slugs found in it. A strange but valid text has none."""

    name: str
    text: str | bytes
    slugs: str
    files: dict[str, str] = field(default_factory=dict)


def source(keys: str) -> str:
    return SOUND.replace(SOURCE, keys)


def keys(count: int, value: str = "1", indent: str = "  ") -> str:
    return "".join(f"{indent}k{number}: {value}\n" for number in range(count))


def items(written: str, count: int) -> str:
    return "[" + ", ".join([written] * count) + "]"


def profiles(count: int) -> str:
    return "profiles:\n" + "".join(f"  p{one}: {{seed: {one}}}\n" for one in range(count))


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{number}: &a{number} {items(f'*a{number - 1}', 10)}\n" for number in range(1, 30)
)
CHAIN = "a0: &a0 []\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 20_000))
LONG_CHAIN = {f"base{n}.yaml": f"extends: base{n + 1}.yaml\n" for n in range(40)}
FAN = {f"base{n}.yaml": f"extends: {items(f'base{n + 1}.yaml', 4)}\n" for n in range(15)}
LAYERS = {
    f"base{n}.yaml": f"extends: base{n + 1}.yaml\nmodel:\n  config:\n{keys(KEYS, indent='    ')}"
    for n in range(12)
}

CASES = [
    # YAML
    Case("alias bomb", BOMB, "too-large"),
    Case("chain of aliases", CHAIN, "too-deep"),
    Case("aliases in a list", f"{SOUND}name: &x [a]\nmetrics: {items('*x', ITEMS)}\n", "too-large"),
    Case("brackets", "[" * ROOM, "too-deep"),
    Case("lists on a line", "- " * (ROOM // 2), "too-deep"),
    Case("mappings on a line", "{a: " * (ROOM // 4), "too-deep"),
    Case("keys of keys", "? " * (ROOM // 2), "too-deep"),
    Case("indentation", "".join(" " * n + "a:\n" for n in range(1300)), "too-deep"),
    Case("tag of Python", f"{SOUND}name: !!python/object/apply:os.system [ls]\n", "yaml-tag"),
    Case("long tag", f"{SOUND}name: !{'x' * ROOM} a\n", "yaml-tag"),
    Case("directives", "%TAG ! tag:x,2000:\n" * 40_000 + "---\n", "yaml-syntax"),
    Case("documents", "---\n" * (ROOM // 4), "yaml-syntax"),
    Case("merge keys", "a: &a {b: 1}\nc:\n" + "  <<: *a\n" * 4000, "yaml-merge-key too-many"),
    Case("empty lines", SOUND + "\n" * ROOM, ""),
    Case("carriage returns", SOUND + "\r" * ROOM, ""),
    Case("comments", SOUND + "# x\n" * (ROOM // 4), ""),
    # bytes
    Case("NULs", SOUND + "\0" * ROOM, "yaml-syntax"),
    Case("byte order mark", b"\xef\xbb\xbf" + SOUND.encode(), ""),
    Case("line ends of Windows", SOUND.replace("\n", "\r\n"), ""),
    Case("Latin-1", f"{SOUND}description: café\n".encode("latin-1"), "not-utf8"),
    Case("UTF-16", SOUND.encode("utf-16"), "not-utf8"),
    Case("UTF-32", SOUND.encode("utf-32"), "not-utf8"),
    Case("lone surrogate", SOUND.encode() + b'name: "\xed\xa0\x80"\n', "not-utf8"),
    Case("nothing", b"", "not-a-spec"),
    # scalars
    Case("long text", f'{SOUND}description: "{"日" * (ROOM // 3)}"\n', ""),
    Case("long number", f"{SOUND}seed: {'9' * ROOM}\n", "wrong-type"),
    Case("long key", f"{SOUND}? {'x' * ROOM}\n: 1\n", "unknown-key"),
    Case("long name", f'{SOUND}name: "{"a" * ROOM}!"\n', "bad-value"),
    Case("long type", source(f"{{type: {'h' * ROOM}}}"), "unknown-type"),
    Case("long slice", SOUND.replace("train[:90%]", "a." * (ROOM // 2) + "!"), "bad-slice"),
    Case("long template", SOUND.replace("{text}", "{a}" * (ROOM // 3)), ""),
    Case("open braces", SOUND.replace("{text}", "{" * (ROOM + 1)), "template-syntax"),
    Case(
        "references",
        f'{SOUND}name: "{"${env:X:-a}" * (ROOM // 11)}"\n',
        "misplaced-secret",
    ),
    Case(
        "references where they may stand",
        f'{SOUND}output: {{dir: "{"${env:X:-a}" * (ROOM // 11)}"}}\n',
        "bad-value",  # no folder has such a name
    ),
    Case(
        "unset references",
        f'{SOUND}name: "{"${env:NOPE_X}" * (ROOM // 13)}"\n',
        "unset-variable too-many",
    ),
    Case("open references", f'{SOUND}name: "{"${env:X:-a" * (ROOM // 10)}"\n', "bad-interpolation"),
    Case("token in a long text", f'{SOUND}description: "{"hf_" + "a" * ROOM}"\n', "clear-secret"),
    Case(
        "ignores",
        f"{SOUND}seed: 1 # ftspec: ignore[{'a,' * (ROOM // 2)}]\n",
        "unused-ignore too-many",
    ),
    # many of one kind
    Case("keys of the spec", SOUND + keys(KEYS, indent=""), "unknown-key too-many"),
    Case("keys of a model", f"{SOUND}training:\n{keys(KEYS)}", "unknown-key too-many"),
    Case(
        "keys of a component",
        source("\n" + keys(KEYS, indent="    ") + "    type: hub"),
        "missing-key unknown-key too-many",
    ),
    Case(
        "keys of the template",
        SOUND.replace("{text: ", "{" + keys(KEYS, '"{x}"', "").replace("\n", ", ") + "text: "),
        "unknown-field too-many",
    ),
    Case(
        "one key again and again",
        f"{SOUND}training:\n" + "  seed: 1\n" * 4000,
        "duplicate-key too-many",
    ),
    Case(
        "keys that are numbers",
        SOUND + "".join(f"{n}: 1\n" for n in range(KEYS)),
        "key-not-string too-many",
    ),
    Case(
        "metrics", f"{SOUND}metrics: {items('accuracy', ITEMS)}\n", "duplicate-component too-many"
    ),
    Case(
        "unknown metrics", f"{SOUND}metrics: {items('acuracy', ITEMS)}\n", "unknown-type too-many"
    ),
    Case(
        "metrics of a wrong type", f"{SOUND}metrics: {items('1', ITEMS)}\n", "wrong-type too-many"
    ),
    Case(
        "metrics unlike each other",
        f"{SOUND}metrics:\n"
        + "".join(
            f"- {{type: hub, path: a/b{n}, revision: a, trust_remote_code: true}}\n"
            for n in range(1000)
        ),
        "remote-code too-many",
    ),
    Case(
        "callbacks",
        f"{SOUND}training: {{eval_strategy: epoch}}\ncallbacks: {items('best-model', ITEMS)}\n",
        "duplicate-component too-many",
    ),
    Case(
        "transforms",
        SOUND.replace("preprocess:", f"preprocess:\n  transforms: {items('deduplicate', ITEMS)}"),
        "",
    ),
    Case(
        "labels",
        SOUND.replace(
            "task: text-classification",
            f"task: {{type: text-classification, labels: {items('a', ITEMS)}}}",
        ),
        "",
    ),
    Case(
        "tokens",
        f"{SOUND}metrics: {items('hf_' + 'a' * 40, ITEMS)}\n",
        "clear-secret unknown-type too-many",
    ),
    Case("profiles", SOUND + profiles(2000), "too-large"),
    Case(
        "profiles of a long spec",
        f'{SOUND}description: "{"x" * (ROOM - 3000)}"\n{profiles(99)}',
        "idle-profile",
    ),
    # files
    Case(
        "missing files",
        source(f"{{type: json, files: {items('nope', ITEMS)}}}"),
        "missing-file too-many",
    ),
    Case("the whole disk", source('{type: json, files: "/**/*.nope"}'), ""),
    Case(
        "pattern of patterns",
        source(f'{{type: json, files: "{"**/" * 100_000}*.nope"}}'),
        "missing-file",
    ),
    Case(
        "endless device",
        source("{type: text, files: /dev/zero}"),
        "missing-file unknown-column",
    ),
    Case("extends an endless device", "ftspec: 1\nextends: /dev/zero\n", "unreadable-file"),
    Case("extends itself", "extends: spec.yaml\n", "extends-cycle"),
    Case("long path", f"extends: {'a' * ROOM}\n", "unreadable-file"),
    Case("long chain", "extends: base0.yaml\n", "extends-cycle", LONG_CHAIN),
    Case("bases of bases", "extends: base0.yaml\n", "too-large", {**FAN, "base15.yaml": SOUND}),
    Case("large bases", "extends: base0.yaml\n", "", {**LAYERS, "base12.yaml": SOUND}),
]


def lint(folder: Path, *arguments: str, stdin: bytes | None = None) -> tuple[Done, float]:
    """The result of lint, and the seconds of processor time that it took."""
    spent = folder / "spent"
    command = [sys.executable, "-c", MEASURED, "lint", "--format", "concise", *arguments]
    done = run(command, cwd=folder, env=own_environment(SPENT=str(spent)), stdin=stdin)
    return done, float(spent.read_text())


@pytest.fixture(scope="module")
def start_up(tmp_path_factory: pytest.TempPathFactory) -> float:
    """The seconds for a valid spec of ten lines."""
    folder = tmp_path_factory.mktemp("start_up")
    (folder / "spec.yaml").write_text(SOUND, encoding="utf-8")
    return min(lint(folder, "spec.yaml")[1] for _ in range(3))


Answers = Callable[..., None]


@pytest.fixture
def answers(start_up: float, tmp_path: Path) -> Answers:
    """Lint in the folder of the test. It must find exactly these slugs, in time."""

    def answer(slugs: str, *arguments: str, stdin: bytes | None = None) -> None:
        done, seconds = lint(tmp_path, *arguments, stdin=stdin)
        assert_no_traceback(done)
        found = set(re.findall(r"(?:^|: )(?:error|warning)\[([a-z0-9-]+)\]: ", done.out, re.M))
        assert found == set(slugs.split()), done.err
        assert done.code == int("error" in done.err), done.err
        assert seconds - start_up < SECONDS

    return answer


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_text(case: Case, tmp_path: Path, answers: Answers) -> None:
    for name, text in case.files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    content = case.text if isinstance(case.text, bytes) else case.text.encode()
    assert len(content) <= LARGEST  # a larger text is refused for its size alone
    (tmp_path / "spec.yaml").write_bytes(content)
    answers(case.slugs, "spec.yaml")


def test_file_of_a_hundred_megabytes(tmp_path: Path, answers: Answers) -> None:
    with (tmp_path / "spec.yaml").open("wb") as stream:
        stream.write(b"ftspec: 1\n")
        stream.truncate(100_000_000)
    answers("too-large", "spec.yaml")


def test_hundred_megabytes_of_standard_input(tmp_path: Path, answers: Answers) -> None:
    with (tmp_path / "rows").open("wb") as stream:
        stream.truncate(100_000_000)
    answers("too-large", "-", stdin=(tmp_path / "rows").read_bytes())


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "pipe.yaml"])
def test_path_that_is_no_regular_file(path: str, tmp_path: Path, answers: Answers) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")  # nothing writes to it
    answers("unreadable-file", path)
    assert "error[unreadable-file]" in ftspec("plan", path, cwd=tmp_path).err


def test_folder_with_a_pipe_is_linted_without_it(tmp_path: Path, answers: Answers) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "spec.yaml").write_text(SOUND, encoding="utf-8")
    answers("", ".")


@pytest.mark.parametrize(
    "override",
    [
        ".".join(["a"] * 10_000) + "=1",
        "callbacks[999999]=1",
        "training=" + "[" * 100_000,
        "training=&a [*a]",
        "name=" + "x" * 100_000 + "!",
    ],
    ids=["deep", "far", "brackets", "alias", "long"],
)
def test_override(override: str, tmp_path: Path, start_up: float) -> None:
    (tmp_path / "spec.yaml").write_text(SOUND, encoding="utf-8")
    done, seconds = lint(tmp_path, "spec.yaml", "--set", override)
    assert_no_traceback(done)
    assert done.code == 1
    assert seconds - start_up < SECONDS


HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
ATTACK = "\x1b[2J\x1b]8;;https://evil\x07\x9b31m\u202egnp\u2066\r::error::x"
WRITTEN = r'"\e[2J\e]8;;https://evil\a\x9b31m\u202egnp\u2066\r::error::x"'


@pytest.mark.parametrize("format_name", ["text", "concise", "github", "json", "sarif"])
def test_findings_have_no_control_characters(format_name: str, tmp_path: Path) -> None:
    name = "::error ::\x1b[2J\u202e.yaml"
    spec = SOUND.replace("{text}", "{a\u202eb}") + f"{WRITTEN}: 1\nmetrics: [{WRITTEN}]\n"
    (tmp_path / name).write_text(spec, encoding="utf-8")
    done = ftspec(
        "lint",
        "--format",
        format_name,
        name,
        cwd=tmp_path,
        env=own_environment(GITHUB_ACTIONS="true"),
    )
    assert_no_traceback(done)
    assert done.code == 1
    assert HIDDEN.findall(done.out + done.err) == []
    lines = [line.strip() for line in (done.out + done.err).splitlines()]
    commands = [line for line in lines if line.startswith("::") or "##[" in line]
    own = r"::(error|warning) file=%3A%3Aerror %3A%3A\\x1b\[2J\\u202e.yaml,"
    assert [line for line in commands if not re.match(own, line)] == []
    assert bool(commands) == (format_name == "github")


@pytest.mark.parametrize("command", ["plan", "diff", "explain"])
def test_results_have_no_control_characters(command: str, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(f"{SOUND}description: {WRITTEN}\n", encoding="utf-8")
    (tmp_path / "other.yaml").write_text(SOUND, encoding="utf-8")
    more = {"plan": [], "diff": ["other.yaml"], "explain": ["description"]}[command]
    done = ftspec(command, "spec.yaml", *more, cwd=tmp_path)
    assert_no_traceback(done)
    assert "::error::x" in done.out
    assert HIDDEN.findall(done.out + done.err) == []
    if command != "explain":
        as_json = ftspec(command, "spec.yaml", *more, "--format", "json", cwd=tmp_path)
        assert HIDDEN.findall(as_json.out) == []
        assert any(ATTACK in one for one in strings_of(json.loads(as_json.out)))


def strings_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings_of(one)


@pytest.mark.parametrize(
    "arguments",
    [
        ("lint", "x" * 300),
        ("lint", f"{'x' * 300}/*.yaml"),
        ("lint", "a/" * 3000),
        ("plan", "x" * 300),
        ("diff", "spec.yaml", "x" * 300),
        ("run", "spec.yaml", "--resume", "x" * 300),
        ("export", ".", "x" * 300),
        ("predict", ".", "text", "--output", "x" * 300),
        ("lint", "loop.yaml"),
    ],
    ids=lambda arguments: " ".join(arguments)[:20],
)
def test_path_on_the_command_line_that_no_file_can_have(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "spec.yaml").write_text(SOUND, encoding="utf-8")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    done = ftspec(*arguments, cwd=tmp_path)
    assert_no_traceback(done)
    assert done.code in (1, 2), done.said
    assert "too long" in done.said or "symbolic links" in done.said
