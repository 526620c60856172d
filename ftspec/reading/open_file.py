"""Opens a file as text: unpacked, decoded, without a byte order mark."""

from __future__ import annotations

import codecs
import importlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, TextIO

from ftspec.reading.file_format import UnreadableError
from ftspec.reading.limits import Unpacked, require_little, unpacked

_MARK = "\ufeff"
_PARQUET = b"PAR1"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_QUICKLY_UNPACKED = 10_000_000  # bytes
_PIECE = 1 << 20  # bytes of a line that are decoded at once
_ZIP = b"PK\x03\x04"
# imported only for such a file: lint imports this module for every spec
_OPENERS = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ", "lzma"),
    (b"\x28\xb5\x2f\xfd", "zstandard"),
    (b"\x04\x22\x4d\x18", "lz4.frame"),
)
_OF_STANDARD_LIBRARY = ("gzip", "bz2", "lzma")
_DAMAGES = ("BadGzipFile", "BadZipFile", "EOFError", "LZMAError", "OSError", "error")


@contextmanager
def opened_bytes(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, unpacked. Of an archive, those of its only file.

    Raises:
        UnreadableError: it is a Parquet file, or cannot be unpacked.
        OSError: the file cannot be opened.
    """
    try:
        with _unpacked(path) as stream:
            yield stream
    except (FileNotFoundError, IsADirectoryError, PermissionError, UnreadableError):
        raise
    except Exception as error:
        if type(error).__name__ not in _DAMAGES:
            raise
        raise UnreadableError(f"it is damaged: {error}") from None


@contextmanager
def opened_text(path: Path, encoding: str, newline: str | None = None) -> Iterator[TextIO]:
    """The text of a file. ``newline`` is that of ``open``.

    Raises:
        UnreadableError: the file is not text in this encoding, or cannot be unpacked.
    """
    try:
        state = path.stat()
        if state.st_size <= _QUICKLY_UNPACKED:
            _unpack(path, state.st_mtime_ns)
        with opened_bytes(path) as raw:
            stream = io.TextIOWrapper(raw, encoding=encoding, newline=newline)
            if stream.read(1) != _MARK:
                stream.seek(0)
            yield stream
    except UnicodeDecodeError:
        raise _find_undecodable(path, encoding) from None


@lru_cache(maxsize=64)  # a run reads a file several times
def _unpack(path: Path, changed: int) -> None:
    """Unpack a small file before its rows are read, which takes ten times as long.

    Raises:
        UnreadableError: it unpacks to too much.
    """
    with opened_bytes(path) as stream:
        if isinstance(stream, io.BufferedReader) and isinstance(stream.raw, Unpacked):
            while stream.read(_PIECE):
                pass


@contextmanager
def _unpacked(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as packed:
        start = packed.read(8)
    size = path.stat().st_size
    if start.startswith(_PARQUET):
        raise UnreadableError("it is a Parquet file", 'write "type: parquet"')
    module = next((name for magic, name in _OPENERS if start.startswith(magic)), None)
    if start.startswith(_ZIP):
        opened: Any = _opened_archive(path, size)
    elif module is None:
        opened = path.open("rb")
    elif module in _OF_STANDARD_LIBRARY:
        if module == "gzip":
            require_little(_size_in_gzip(path), size)
        with importlib.import_module(module).open(path) as stream:
            yield unpacked(stream, size)
        return
    else:
        opened = _opened_by(module, path, size)
    with opened as stream:
        yield stream


def _size_in_gzip(path: Path) -> int:
    """The size that the end of the file tells, so that lint need not unpack it (RFC 1952). It may
    be less than what is there."""
    with path.open("rb") as stream:
        stream.seek(-4, io.SEEK_END)
        return int.from_bytes(stream.read(4), "little")


@contextmanager
def _opened_archive(path: Path, size: int) -> Iterator[IO[bytes]]:
    import zipfile

    with zipfile.ZipFile(path) as archive:
        inside = [
            one.filename
            for one in archive.infolist()
            if not one.is_dir() and not one.filename.startswith("__MACOSX/")
        ]
        if len(inside) != 1:
            raise UnreadableError(
                f"it is an archive of {len(inside)} files", "unpack it, and name its files"
            )
        require_little(archive.getinfo(inside[0]).file_size, size)
        with archive.open(inside[0]) as stream:
            yield unpacked(stream, size)


@contextmanager
def _opened_by(module: str, path: Path, size: int) -> Iterator[IO[bytes]]:
    package = module.partition(".")[0]
    try:
        opened = importlib.import_module(module).open
    except ImportError:
        raise UnreadableError(
            f'reading it needs the package "{package}", which is not installed',
            f"pip install {package}, or unpack the file",
        ) from None
    with opened(path, "rb") as stream:
        # the stream of a package may not go back to its start
        yield io.BytesIO(unpacked(stream, size).read())


def decoded(content: bytes, encoding: str, *, is_whole: bool) -> str:
    """The text of the first bytes of a file. If they are not the whole file, an incomplete
    character may end them.

    Raises:
        UnreadableError: they are not text in this encoding.
    """
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(content, final=is_whole)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _undecodable(line, content, encoding) from None
    return text.removeprefix(_MARK)


def _find_undecodable(path: Path, encoding: str) -> UnreadableError:
    """The error for a file in another encoding, with the line of the first byte at fault."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with opened_bytes(path) as stream:
        number, start = 1, b""
        while content := stream.readline(_PIECE):
            start = start or content[:2]
            try:
                decoder.decode(content)
            except UnicodeDecodeError:
                break
            number += content.endswith(b"\n")
    return _undecodable(number, start, encoding)


def _undecodable(line: int, start: bytes, encoding: str) -> UnreadableError:
    other = "utf-16" if start.startswith(_UTF_16) else "latin-1"
    return UnreadableError(
        f"line {line:,} is not {encoding.upper()} text",
        f'set the encoding, for example "encoding: {other}"',
    )
