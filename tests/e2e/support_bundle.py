"""The SDKs from npm, installed once from the lock file, and one bundle for each page, made by esbuild."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
from pathlib import Path

WEB = Path(__file__).parent / "web"


def make_bundles(web: Path = WEB) -> Path:
    """The folder with `<page>.js` for every file of `pages/`, made anew when a page or the lock changed."""
    target = web / "dist"
    target.mkdir(exist_ok=True)
    with (target / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(web)
        _bundle(web, target)
    return target


def _install(web: Path) -> None:
    if _stale(web / "node_modules" / ".firstframe", _digest([web / "package-lock.json"])):
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=web, check=True)
        (web / "node_modules" / ".firstframe").write_text(_digest([web / "package-lock.json"]))


def _bundle(web: Path, target: Path) -> None:
    pages = sorted(path for path in (web / "pages").iterdir() if path.suffix in {".js", ".jsx"})
    digest = _digest([web / "package-lock.json", *pages])
    if not _stale(target / "digest", digest):
        return
    entries = [str(page) for page in pages if not page.name.startswith("_")]
    options = [
        "--bundle",
        "--format=iife",
        "--jsx=automatic",
        "--log-level=error",
        '--define:process.env.NODE_ENV="production"',
    ]
    subprocess.run(
        [str(web / "node_modules" / ".bin" / "esbuild"), *entries, *options, f"--outdir={target}"],
        cwd=web,
        check=True,
    )
    (target / "digest").write_text(digest)


def _stale(mark: Path, digest: str) -> bool:
    return not mark.exists() or mark.read_text() != digest


def _digest(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
