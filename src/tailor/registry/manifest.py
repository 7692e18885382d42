"""Which files may lie in a release, and the proof that none of them changed.

`manifest.json` lists every other file of the folder with its SHA-256 and size. Nothing of a release is parsed or loaded
before the whole folder agrees with it: no file more, none less, no link, no byte different, no format that can run code
(pickle in all its disguises, Python files, `auto_map` in a model's config).
"""

from __future__ import annotations

import json
import stat
import struct
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from tailor.errors import ArtifactError
from tailor.files import read_json, sha256_of_file, write_json

MANIFEST = "manifest.json"
FORMAT_VERSION = 1

SUFFIXES = frozenset({".json", ".jsonl", ".safetensors", ".npy", ".txt", ".md", ".jinja", ".model"})
"""What may lie in a release. `.npy` only without objects; `.model` is SentencePiece's protocol buffer."""

LARGEST_SAFETENSORS_HEADER = 100_000_000
"""Bytes; the same bound as the safetensors library sets."""


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder, in a fixed order.

    Raises:
        ArtifactError: a symbolic link, socket or device lies among them.
    """
    for path in sorted(folder.iterdir()):
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            yield from files_below(path)
        elif stat.S_ISREG(mode):
            yield path
        else:
            raise ArtifactError(
                f"{path} is a link or a special file; expected plain files only.", hint="Replace it by a copy."
            )


def check_content(path: Path) -> None:
    """Refuse a file that could run code when it is loaded, or that is not what its name says.

    Raises:
        ArtifactError: naming the file.
    """
    if path.suffix not in SUFFIXES:
        raise ArtifactError(
            f"{path} is of a kind that a release may not hold ('{path.suffix or path.name}').",
            hint=f"Allowed: {', '.join(sorted(SUFFIXES))}. Save weights as safetensors.",
        )
    if path.suffix == ".safetensors":
        _check_safetensors(path)
    elif path.suffix == ".npy":
        _check_npy(path)
    elif path.suffix == ".json":
        _check_json(path)


def _check_safetensors(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as handle:
        prefix = handle.read(8)
        length = struct.unpack("<Q", prefix)[0] if len(prefix) == 8 else 0
        if not 2 <= length <= min(size - 8, LARGEST_SAFETENSORS_HEADER):
            raise ArtifactError(f"{path} is not a safetensors file: its header is damaged.")
        header = handle.read(length)
    if not header.startswith(b"{"):
        raise ArtifactError(f"{path} is not a safetensors file: its header is not JSON.")


def _check_npy(path: Path) -> None:
    import numpy as np

    try:
        np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise ArtifactError(f"{path} is not a plain array: {error}", hint="Arrays of objects are refused.") from None


def _check_json(path: Path) -> None:
    value = read_json(path)
    if path.name in ("config.json", "tokenizer_config.json") and isinstance(value, dict) and value.get("auto_map"):
        raise ArtifactError(
            f"{path} asks for Python code of its own (auto_map), which a release may not carry.",
            hint="Use a model whose architecture the installed transformers package knows.",
        )


def write_manifest(folder: Path) -> str:
    """Check every file below `folder`, write `manifest.json`, return the manifest's SHA-256."""
    files: dict[str, dict[str, Any]] = {}
    for path in files_below(folder):
        check_content(path)
        name = path.relative_to(folder).as_posix()
        files[name] = {"sha256": sha256_of_file(path), "size": path.stat().st_size}
    write_json(folder / MANIFEST, {"format_version": FORMAT_VERSION, "files": files})
    return sha256_of_file(folder / MANIFEST)


def verify(folder: Path, *, manifest_sha256: str | None = None) -> str:
    """Compare a release folder with its manifest; return the manifest's SHA-256.

    Args:
        manifest_sha256: what the manifest itself must hash to, where that was recorded elsewhere.

    Raises:
        ArtifactError: naming the first file that is missing, foreign, changed or forbidden.
    """
    if folder.is_symlink() or not folder.is_dir():
        raise ArtifactError(f"{folder} is not a release folder.")
    found = {p.relative_to(folder).as_posix(): p for p in files_below(folder)}
    if MANIFEST not in found:
        raise ArtifactError(f"{folder / MANIFEST} is missing.", hint="The release is incomplete; promote it again.")
    digest = sha256_of_file(found.pop(MANIFEST))
    if manifest_sha256 is not None and digest != manifest_sha256:
        raise _changed(folder / MANIFEST, manifest_sha256, digest)
    expected = listed_files(folder / MANIFEST)
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            raise ArtifactError(f"{folder / name} is missing.", hint="Restore it, or promote again.")
        if name not in expected:
            raise ArtifactError(f"{folder / name} is not part of the release.", hint="Delete it.")
        _verify_file(found[name], *expected[name])
    return digest


def _verify_file(path: Path, sha256: str, size: int) -> None:
    if path.stat().st_size != size:
        raise _changed(path, f"{size} bytes", f"{path.stat().st_size} bytes")
    digest = sha256_of_file(path)
    if digest != sha256:
        raise _changed(path, sha256, digest)
    check_content(path)


def _changed(path: Path, expected: str, found: str) -> ArtifactError:
    return ArtifactError(
        f"{path} was changed after it was released: expected {expected[:16]}, found {found[:16]}.",
        hint="Restore the file, roll back to the previous release, or promote again.",
    )


def listed_files(path: Path) -> dict[str, tuple[str, int]]:
    """What a manifest lists: relative path -> (SHA-256, size), every path proven to stay inside its folder.

    Raises:
        ArtifactError: it is damaged, from a newer Tailor, or names a path outside.
    """
    value = read_json(path)
    if not isinstance(value, dict) or not isinstance(value.get("files"), dict):
        raise ArtifactError(f"{path} is not a manifest.")
    if value.get("format_version") != FORMAT_VERSION:
        raise ArtifactError(
            f"{path} has format version {json.dumps(value.get('format_version'))}; this Tailor reads {FORMAT_VERSION}.",
            hint="Update Tailor.",
        )
    expected: dict[str, tuple[str, int]] = {}
    for name, entry in value["files"].items():
        check_inside(name, path)
        if not (isinstance(entry, dict) and isinstance(entry.get("sha256"), str) and type(entry.get("size")) is int):
            raise ArtifactError(f"{path}: the entry of {name} is damaged.")
        expected[name] = (entry["sha256"], entry["size"])
    return expected


def check_inside(name: str, where: Path) -> None:
    """Refuse a relative path that could leave the folder it is relative to (`../x`, `/x`, `C:\\x`, NUL).

    Raises:
        ArtifactError: naming `where`, the file that holds the path.
    """
    path = PurePosixPath(name)
    plain = not path.is_absolute() and ".." not in path.parts and path.as_posix() == name and name != "."
    if not plain or any(c in name for c in "\\\0:"):
        raise ArtifactError(
            f"{where} names a path outside its folder: {name!r}.", hint="The release was tampered with."
        )
