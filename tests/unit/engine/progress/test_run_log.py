"""The run's log: what the run says, and what the libraries warn of, masked and in one file."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from transformers.utils import logging as transformers_logging

from ftspec.engine.patches.quiet_libraries import quiet_libraries
from ftspec.engine.progress.run_log import RunLog
from tests.engine.running import Recorder

pytestmark = pytest.mark.place


@pytest.fixture(autouse=True)
def verbosity() -> Iterator[None]:
    """As in a run, whatever was set before."""
    with quiet_libraries():
        yield


def lines_of(path: Path) -> list[str]:
    """The log without its times."""
    lines = path.read_text(encoding="utf-8").splitlines()
    stamp = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}Z ")
    assert all(stamp.match(line) for line in lines)
    return [stamp.sub("", line) for line in lines]


def test_everything_is_passed_on_and_written(tmp_path: Path) -> None:
    watcher = Recorder()
    with RunLog(tmp_path / "log.txt", watcher) as log:
        log.phase("training")
        log.note("সব ঠিক আছে")
        log.warn("not quite")
        log.step(3, 10, {"loss": 1.0})
        log.logged(3, {"loss": 1.23456789, "learning_rate": 1e-5})
        log.evaluated("validation", {"f1": 0.5}, 3)
        log.record_error("it broke")
    assert (watcher.phases, watcher.steps) == (["training"], [3])
    assert watcher.notes == ["সব ঠিক আছে", "not quite"]
    assert watcher.evaluations == [("validation", {"f1": 0.5}, 3)]
    assert lines_of(tmp_path / "log.txt") == [
        "INFO ftspec.run: training",
        "INFO ftspec.run: সব ঠিক আছে",
        "WARNING ftspec.run: not quite",
        "INFO ftspec.run: step 3: loss 1.23457, learning_rate 1e-05",
        "INFO ftspec.run: validation at step 3: f1 0.5",
        "ERROR ftspec.run: it broke",
    ]


def test_what_libraries_inform_of_is_not_written(tmp_path: Path) -> None:
    """A program may have asked for it, for a log of its own."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)
    try:
        with RunLog(tmp_path / "log.txt", Recorder()):
            logging.getLogger("library").info("what only its authors want to know")
            logging.getLogger("ftspec_plugin").info("rows are shouted")
            logging.getLogger("library").warning("not quite")
    finally:
        root.setLevel(before)
    assert lines_of(tmp_path / "log.txt") == [
        "INFO ftspec_plugin: rows are shouted",
        "WARNING library: not quite",
    ]


def test_warnings_of_libraries_are_written_and_not_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with RunLog(tmp_path / "log.txt", Recorder()):
        transformers_logging.get_logger("transformers.trainer").warning("a library warns")
        logging.getLogger("datasets.builder").warning("another does")
        warnings.warn("and python too", stacklevel=1)
    assert capfd.readouterr() == ("", "")
    text = (tmp_path / "log.txt").read_text()
    for words in ("a library warns", "another does", "and python too"):
        assert words in text


def test_afterwards_logging_is_as_before(tmp_path: Path) -> None:
    names = ("", "transformers", "datasets", "ftspec.run")

    def state() -> list[object]:
        loggers = [logging.getLogger(name) for name in names]
        return [(list(logger.handlers), logger.level) for logger in loggers] + [
            warnings.showwarning
        ]

    with RunLog(tmp_path / "first.txt", Recorder()):
        pass
    before = state()
    with RunLog(tmp_path / "log.txt", Recorder()) as log:
        log.note("soon over")
    assert state() == before
    logging.getLogger("transformers").warning("after the end")
    assert lines_of(tmp_path / "log.txt") == ["INFO ftspec.run: soon over"]


def test_secrets_are_masked_everywhere(tmp_path: Path) -> None:
    watcher = Recorder()

    def mask(text: str) -> str:
        return text.replace("hunter2", "${env:PASSWORD}")

    with RunLog(tmp_path / "log.txt", watcher, mask) as log:
        log.note("the password is hunter2")
        log.warn("hunter2 again")
        log.record_error("hunter2 was wrong")
        transformers_logging.get_logger("transformers.hub").warning("no access with hunter2")
    assert watcher.notes == ["the password is ${env:PASSWORD}", "${env:PASSWORD} again"]
    text = (tmp_path / "log.txt").read_text()
    assert "hunter2" not in text
    assert text.count("${env:PASSWORD}") == 4


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_full_disk_ends_no_log(tmp_path: Path) -> None:
    (tmp_path / "log.txt").symlink_to("/dev/full")
    log = RunLog(tmp_path / "log.txt", Recorder())
    with log:
        log.note("said")  # and no error when it is closed
