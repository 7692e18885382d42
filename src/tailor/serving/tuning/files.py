"""Uploaded files: `.tailor/serving/files/<id>/`, the content and what is known of it; there complete or not at all."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tailor.errors import ArtifactError
from tailor.files import new_folder, read_json, write_json
from tailor.serving.keys import serving_folder
from tailor.serving.problem import Problem

FILE_ID = re.compile(r"file-[0-9a-f]{24}")


@dataclass(frozen=True)
class StoredFile:
    """One file. `created` is in seconds since 1970."""

    id: str
    filename: str
    purpose: str
    bytes: int
    created: int
    sha256: str
    lines: int

    def shown(self) -> dict[str, Any]:
        """OpenAI's `file` object."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": self.bytes,
            "created_at": self.created,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
        }


class FileStore:
    """The files of a workspace."""

    def __init__(self, workspace: Path) -> None:
        self._folder = serving_folder(workspace) / "files"

    def add(self, filename: str, purpose: str, content: bytes, lines: int) -> StoredFile:
        """Keep a file; it is on disk when this returns."""
        import hashlib

        digest = hashlib.sha256(content).hexdigest()
        plain = Path(filename.replace("\\", "/")).name[:128] or "file"
        stored = StoredFile(
            f"file-{secrets.token_hex(12)}", plain, purpose, len(content), int(time.time()), digest, lines
        )
        with new_folder(self._folder / stored.id) as temporary:
            (temporary / "content").write_bytes(content)
            write_json(temporary / "file.json", stored)
        return stored

    def get(self, file_id: str) -> StoredFile:
        """One file.

        Raises:
            Problem: 404.
        """
        # Only ids of ours become paths.
        if FILE_ID.fullmatch(file_id):
            try:
                return StoredFile(**read_json(self._folder / file_id / "file.json"))
            except (ArtifactError, TypeError):
                pass
        raise Problem(404, f"There is no file {file_id[:64]!r}.", code="file_not_found", param="file_id")

    def content(self, file_id: str) -> bytes:
        """Its bytes.

        Raises:
            Problem: 404.
        """
        return (self._folder / self.get(file_id).id / "content").read_bytes()

    def all(self) -> list[StoredFile]:
        """All files, newest first."""
        found = [self.get(p.name) for p in self._folder.glob("file-*")] if self._folder.is_dir() else []
        return sorted(found, key=lambda f: (f.created, f.id), reverse=True)

    def delete(self, file_id: str) -> None:
        """Forget a file.

        Raises:
            Problem: 404.
        """
        shutil.rmtree(self._folder / self.get(file_id).id)
