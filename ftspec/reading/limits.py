"""How much a file of rows may have: what is more is no data for a model, and would take the memory
of the machine before anybody sees that something is wrong.

Lint and a run have the same limits. Each refusal says the limit.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sized
from typing import IO, TextIO

from ftspec.reading.file_format import UnreadableError

MOST_COLUMNS = 10_000
LONGEST_ROW = 100_000_000
"""Characters of a line, of a row or of a document."""

LARGEST_JSON = 2_000_000_000
"""Characters of JSON that is not in lines, which is read as a whole."""

_MOST_EXPANSION = 200  # times its packed size; text unpacks to 3 to 30 times
_HARMLESS_SIZE = 100_000_000  # bytes that any file may unpack to
_CHUNK = 1 << 20
_SPLIT_LINES = "split it into several rows"


def lines_of(stream: TextIO) -> Iterator[str]:
    """The lines of a stream, with their ends.

    Raises:
        UnreadableError: a line is too long.
    """
    number = 0
    while line := stream.readline(LONGEST_ROW + 1):
        number += 1
        if len(line) > LONGEST_ROW:
            raise UnreadableError(
                f"line {number:,} has more than {LONGEST_ROW:,} characters", _SPLIT_LINES
            )
        yield line


def rest_of(stream: TextIO, most: int, what: str, *helps: str) -> str:
    """The rest of a stream.

    Raises:
        UnreadableError: it is too long.
    """
    text = stream.read(most + 1)
    if len(text) > most:
        raise UnreadableError(f"{what} has more than {most:,} characters", *helps)
    return text


def require_few_columns(columns: Sized, where: str = "it") -> None:
    """Refuse too many columns.

    Raises:
        UnreadableError: there are more.
    """
    if len(columns) > MOST_COLUMNS:
        raise UnreadableError(
            f"{where} has {len(columns):,} columns, and a file may have {MOST_COLUMNS:,}",
            "keep the columns that the spec uses",
        )


def require_little(size: int, packed_size: int) -> None:
    """Refuse a packed file that has much more than its size lets expect.

    Raises:
        UnreadableError: it has.
    """
    if size > max(_HARMLESS_SIZE, packed_size * _MOST_EXPANSION):
        raise UnreadableError(
            f"it unpacks to more than {_MOST_EXPANSION} times its size, which no text does",
            "unpack it, and name the unpacked file",
        )


class Unpacked(io.RawIOBase):
    """The unpacked bytes of a packed file, as many as its size lets expect. A few kilobytes may
    unpack to more than a disk holds."""

    def __init__(self, stream: IO[bytes], packed_size: int) -> None:
        self._stream = stream
        self._packed_size = packed_size
        self._read = 0

    def readable(self) -> bool:
        """Whether it can be read: it can."""
        return True

    def seekable(self) -> bool:
        """Whether reading can begin again."""
        return self._stream.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        self._read = self._stream.seek(offset, whence)
        return self._read

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read up to the size of the buffer.

        Raises:
            UnreadableError: the file unpacks to too much.
        """
        content = self._stream.read(min(len(buffer), _CHUNK))
        buffer[: len(content)] = content
        self._read += len(content)
        require_little(self._read, self._packed_size)
        return len(content)


def unpacked(stream: IO[bytes], packed_size: int) -> IO[bytes]:
    """A stream of unpacked bytes with a bound."""
    return io.BufferedReader(Unpacked(stream, packed_size), _CHUNK)
