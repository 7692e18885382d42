"""A release as one file, to carry it to another machine.

A tar without compression: `manifest.json` first, then every file that it lists. The same release gives the same bytes,
whoever packs it when. Nothing else is read from an archive: no folder, link or device, no extended header, no name that
is not in the manifest, no byte more than the manifest declares; so neither a path nor a size can surprise who unpacks.
"""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tailor.errors import ArtifactError
from tailor.files import new_file
from tailor.registry.manifest import MANIFEST, SUFFIXES, listed_files, verify

BLOCK = tarfile.BLOCKSIZE
CHUNK = 1 << 20
MOST_FILES = 10_000
LARGEST_MANIFEST = 10_000_000
LARGEST = 1 << 40
"""Bytes that the files of a release may have together."""

LONGEST_NAME = 100
"""Bytes; what the plain header of a tar holds."""


def pack(folder: Path, target: Path, *, manifest_sha256: str) -> None:
    """Write a release folder, verified first, to one file that appears complete or not at all.

    Raises:
        ArtifactError: the release was changed, or the target is taken.
    """
    verify(folder, manifest_sha256=manifest_sha256)
    if target.exists():
        raise ArtifactError(f"{target} is there already.", hint="Name another file, or delete it.")
    with new_file(target) as temporary, tarfile.open(temporary, "w:", format=tarfile.GNU_FORMAT) as archive:
        for name in (MANIFEST, *sorted(listed_files(folder / MANIFEST))):
            if len(name.encode()) > LONGEST_NAME:
                raise ArtifactError(f"{folder / name} has a name of more than {LONGEST_NAME} bytes.")
            member = tarfile.TarInfo(name)
            member.size = (folder / name).stat().st_size
            member.mode = 0o644
            with (folder / name).open("rb") as handle:
                archive.addfile(member, handle)


def manifest_of(source: Path) -> str:
    """SHA-256 of the manifest of an archive, of which nothing else is read.

    Raises:
        ArtifactError: it is no such archive.
    """
    with _opened(source) as handle:
        return hashlib.sha256(_manifest(_members(handle, source), source)).hexdigest()


def unpack(source: Path, folder: Path) -> None:
    """Write the files of an archive to an empty folder, every byte verified.

    Raises:
        ArtifactError: it is no such archive, was changed, or holds what a release may not hold.
    """
    try:
        with _opened(source) as handle:
            members = _members(handle, source)
            (folder / MANIFEST).write_bytes(_manifest(members, source))
            expected = listed_files(folder / MANIFEST)
            _check_sizes(expected, folder, source)
            for name, size, chunks in members:
                if name not in expected or (folder / name).exists():
                    raise _refused(source, f"it holds {name!r}, which its manifest does not list (or lists once)")
                if size != expected[name][1]:
                    raise _refused(source, f"{name} has {size} bytes, its manifest says {expected[name][1]}")
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                _write(folder / name, chunks, expected[name][0], source)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        raise _refused(source, "two of its names cannot stand side by side") from None
    verify(folder)


def _opened(source: Path) -> BinaryIO:
    try:
        return source.open("rb")
    except FileNotFoundError:
        raise ArtifactError(f"{source} does not exist.") from None
    except IsADirectoryError:
        raise ArtifactError(f"{source} is a folder.", hint="Name a file that tailor releases export wrote.") from None


Member = tuple[str, int, Iterator[bytes]]


def _members(handle: BinaryIO, source: Path) -> Iterator[Member]:
    """Name, size and content of every member; the content is to be read before the next one. `tarfile` parses a header
    here and no more: its readers also follow links and read extended headers of any length into memory."""
    for _ in range(MOST_FILES + 2):  # the manifest and the end block beside them
        block = handle.read(BLOCK)
        if block == bytes(BLOCK):
            return
        try:
            member = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except (tarfile.HeaderError, UnicodeDecodeError):
            raise _refused(source, "it is not a tar file, or ends too early") from None
        if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
            raise _refused(source, f"{member.name!r} is not a plain file (a folder, link, device or extended header)")
        if member.size < 0:
            raise _refused(source, f"{member.name!r} has a negative size")
        yield member.name, member.size, _content(handle, member.size, source)
    raise _refused(source, f"it holds more than {MOST_FILES} files")


def _content(handle: BinaryIO, size: int, source: Path) -> Iterator[bytes]:
    left = size
    while left:
        chunk = handle.read(min(left, CHUNK))
        if not chunk:
            raise _refused(source, "it ends too early")
        left -= len(chunk)
        yield chunk
    handle.read(-size % BLOCK)


def _manifest(members: Iterator[Member], source: Path) -> bytes:
    name, size, chunks = next(members, ("", 0, iter(())))
    if name != MANIFEST or size > LARGEST_MANIFEST:
        raise _refused(source, f"it does not begin with {MANIFEST} of at most {LARGEST_MANIFEST:,} bytes")
    return b"".join(chunks)


def _check_sizes(expected: dict[str, tuple[str, int]], folder: Path, source: Path) -> None:
    total = sum(size for _, size in expected.values())
    if len(expected) > MOST_FILES or not 0 <= total <= LARGEST or any(size < 0 for _, size in expected.values()):
        raise _refused(source, f"its manifest lists {len(expected):,} files with {total:,} bytes")
    free = shutil.disk_usage(folder).free
    if total > free:
        raise ArtifactError(f"{source} needs {total / 1e9:.1f} GB, {free / 1e9:.1f} GB are free.", hint="Free space.")
    for name in expected:
        if Path(name).suffix not in SUFFIXES:
            raise _refused(source, f"{name} is of a kind that a release may not hold; weights are safetensors")


def _write(path: Path, chunks: Iterator[bytes], sha256: str, source: Path) -> None:
    digest = hashlib.sha256()
    with path.open("wb") as handle:
        for chunk in chunks:
            digest.update(chunk)
            handle.write(chunk)
    if digest.hexdigest() != sha256:
        raise _refused(source, f"{path.name} is not what its manifest says: it was damaged or changed")


def _refused(source: Path, why: str) -> ArtifactError:
    return ArtifactError(f"{source} is refused: {why}.", hint="Export it again with tailor releases export.")
