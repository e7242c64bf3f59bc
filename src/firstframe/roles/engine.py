"""The embedded engine."""

from __future__ import annotations

import msgspec

from firstframe.engine import server
from firstframe.folder import EngineFace, Folder, write_atomically
from firstframe.roles.port import engine_port
from firstframe.settings import Settings


def engine(settings: Settings) -> None:
    """Run the embedded engine on the data folder until told to stop."""
    folder = Folder(settings.data).make()
    write, read = folder.passwords()
    face = EngineFace("127.0.0.1", engine_port(settings.engine_port), write, read)
    write_atomically(folder.engine_face_file, msgspec.json.encode(face), 0o600)
    server.run(
        folder.engine,
        face.host,
        face.port,
        write_password=write,
        read_password=read,
        memory_bytes=settings.engine_memory_bytes,
        query_seconds=settings.query_seconds,
    )
