"""Small test media, made once by ffmpeg and kept in a cache folder: files, an HLS ladder, a damaged file."""

from __future__ import annotations

import fcntl
import random
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

RECIPE = "4"
"""Raise it when anything below changes: the cache is made anew."""


@dataclass(frozen=True)
class Rendition:
    """One step of the HLS ladder; its folder is its place in `LADDER`."""

    width: int
    height: int
    video_bps: int

    @property
    def bandwidth_bps(self) -> int:
        return self.video_bps * 5 // 4 + 64_000


LADDER = (Rendition(320, 180, 200_000), Rendition(640, 360, 600_000), Rendition(960, 540, 1_200_000))
SEGMENT_SECONDS = 2
LADDER_SECONDS = 60
SAMPLE_SECONDS = 40
SHORT_SECONDS = 8


def make_media(cache: Path) -> Path:
    """The folder with all media, made if it is not there yet. Safe to call from several processes."""
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"media-{RECIPE}"
    with (cache / "media.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            _make(folder)
            (folder / "done").touch()
    return folder


def _make(folder: Path) -> None:
    _file(folder / "sample.mp4", SAMPLE_SECONDS)
    _file(folder / "short.mp4", SHORT_SECONDS)
    _damage(folder / "sample.mp4", folder / "corrupt.mp4")
    for number, rendition in enumerate(LADDER):
        (folder / str(number)).mkdir()
        _playlist(folder / str(number), rendition)
    (folder / "index.m3u8").write_text(_master())


def _input(seconds: int, width: int, height: int) -> list[str]:
    return [
        *("-f", "lavfi", "-i", f"testsrc2=size={width}x{height}:rate=25:duration={seconds}"),
        *("-f", "lavfi", "-i", f"sine=frequency=330:sample_rate=44100:duration={seconds}"),
    ]


def _codec(video_bps: int, group: int) -> list[str]:
    return [
        *("-c:v", "libx264", "-profile:v", "baseline", "-preset", "veryfast", "-pix_fmt", "yuv420p"),
        *("-b:v", str(video_bps), "-maxrate", str(video_bps), "-bufsize", str(video_bps)),
        *("-g", str(group), "-keyint_min", str(group), "-sc_threshold", "0"),
        *("-c:a", "aac", "-b:a", "48k", "-ac", "1"),
    ]


def _run(arguments: Sequence[str]) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True, stdin=subprocess.DEVNULL)


def _file(path: Path, seconds: int) -> None:
    _run([*_input(seconds, 640, 360), *_codec(500_000, 50), "-movflags", "+faststart", str(path)])


def _playlist(folder: Path, rendition: Rendition) -> None:
    _run(
        [
            *_input(LADDER_SECONDS, rendition.width, rendition.height),
            *_codec(rendition.video_bps, 25 * SEGMENT_SECONDS),
            *("-f", "hls", "-hls_time", str(SEGMENT_SECONDS), "-hls_playlist_type", "vod"),
            *("-hls_segment_filename", str(folder / "%03d.ts"), str(folder / "index.m3u8")),
        ]
    )


def _master() -> str:
    lines = ["#EXTM3U", "#EXT-X-VERSION:3"]
    for number, rendition in enumerate(LADDER):
        size = f"{rendition.width}x{rendition.height}"
        codecs = 'CODECS="avc1.42c01e,mp4a.40.2"'
        lines += [
            f"#EXT-X-STREAM-INF:BANDWIDTH={rendition.bandwidth_bps},RESOLUTION={size},{codecs}",
            f"{number}/index.m3u8",
        ]
    return "\n".join(lines) + "\n"


def _damage(source: Path, target: Path) -> None:
    """A copy whose samples are noise from a tenth of the file on: it starts, plays, then fails to decode."""
    content = bytearray(source.read_bytes())
    start = len(content) // 10
    content[start:] = random.Random(1).randbytes(len(content) - start)
    target.write_bytes(content)
