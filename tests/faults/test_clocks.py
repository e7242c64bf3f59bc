"""The server's clock stepped by an hour either way under load, and clients whose clocks are wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support_attack import HOW_HARD, seen
from support_load import Load
from support_product import Product
from support_proof import settle

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1_200)]

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile long *offset;
static int (*true_clock)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
    int file = open(getenv("CLOCK_OFFSET_FILE"), O_RDONLY);
    true_clock = dlsym(RTLD_NEXT, "clock_gettime");
    offset = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    if (!true_clock) true_clock = dlsym(RTLD_NEXT, "clock_gettime");
    int result = true_clock(clock, now);
    if (clock == CLOCK_REALTIME && offset && offset != MAP_FAILED) now->tv_sec += *offset;
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    now->tv_sec = at.tv_sec;
    now->tv_usec = at.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    if (out) *out = at.tv_sec;
    return at.tv_sec;
}
"""
"""Tells a process another time of day, by a number of seconds in a file that all roles share; no other clock is touched."""
STEPS = (3_600, 0, -3_600, 0)
"""Seconds off the true time, one after the other."""
WRONG_MS = (-3_600_000, 3_600_000, -90_000_000, 40 * 365 * 86_400_000)
"""Clients an hour slow and fast, a day slow, decades ahead."""


class Wall:
    """The time of day that a product is told."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "offset"
        self._library = folder / "clock.so"
        self.step(0)

    def build(self) -> Wall:
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            pytest.skip("no C compiler, so no clock of our own")
        command = [compiler, "-shared", "-fPIC", "-O1", "-x", "c", "-", "-o", str(self._library), "-ldl"]
        subprocess.run(command, input=SHIM, text=True, check=True)
        return self

    @property
    def environment(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "CLOCK_OFFSET_FILE": str(self._file)}

    def step(self, seconds: int) -> None:
        """Every role reads it with its next look at the clock."""
        with self._file.open("r+b" if self._file.exists() else "w+b") as out:
            out.write(seconds.to_bytes(8, sys.byteorder, signed=True))


def test_a_stepped_clock_loses_nothing(tmp_path: Path) -> None:
    """An hour forth, back, back again and forth, in every role at once, under load."""
    wall = Wall(tmp_path).build()
    product = Product(tmp_path / "data", environment=wall.environment).start()
    loads = [
        Load(
            lambda path, body: product.post(path, body, timeout=15),
            threads=1,
            pause=0.02,
            seed=7 + n,
            off_ms=off,
        )
        for n, off in enumerate((0, *WRONG_MS))
    ]
    try:
        for load in loads:
            load.start()
        time.sleep(3)
        for step in STEPS:
            wall.step(step)
            before = sum(load.accepted for load in loads)
            time.sleep(HOW_HARD.frozen_seconds)
            product.wait_until(
                lambda before=before: sum(load.accepted for load in loads) > before + 20,
                60,
                f"beacons at {step} s",
            )
        for load in loads:
            load.stop()
        proofs = [settle(product, load, 300) for load in loads]
        assert sum(load.refused for load in loads) == 0
    finally:
        for load in loads:
            load.stop()
        product.stop()
    seen(
        "clocks stepped",
        steps=len(STEPS),
        seconds_each=3_600,
        clients_clocks_wrong=len(WRONG_MS),
        beacons_acknowledged=sum(load.accepted for load in loads),
        events_proved=sum(proof.acknowledged for proof in proofs),
        views_recomputed=proofs[-1].views,
    )
