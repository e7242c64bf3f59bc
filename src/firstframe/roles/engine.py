"""The embedded engine."""

from __future__ import annotations

import msgspec

from firstframe.disk import write_anyhow
from firstframe.engine import server
from firstframe.folder import EngineFace, Folder
from firstframe.roles.port import engine_port
from firstframe.settings import Settings


def engine(settings: Settings) -> None:
    """Run the embedded engine on the data folder until told to stop."""
    folder = Folder(settings.data).make()
    known = folder.passwords()
    face = EngineFace("127.0.0.1", engine_port(settings.engine_port), known.writer, known.reader)
    write_anyhow(folder.engine_face_file, msgspec.json.encode(face), 0o600)
    server.run(
        folder.engine,
        face.host,
        face.port,
        write_password=known.writer,
        read_password=known.reader,
        memory_bytes=settings.engine_memory_bytes,
        query_seconds=settings.query_seconds,
    )
