"""python-daemon: the parent exits as soon as the first child is made."""

import os
import struct
import time

import daemon


def report():
    """What a measured program does besides becoming a daemon, as src/report.rs does it for those in Rust."""
    record = struct.pack("<QQ", time.clock_gettime_ns(time.CLOCK_MONOTONIC), os.getpid())
    with open(os.environ["GODAEMON_BENCH_REPORT"], "wb", buffering=0) as fifo:
        fifo.write(record)


def hold():
    """Waits until the benchmark opens the other end, if it wants that."""
    path = os.environ.get("GODAEMON_BENCH_HOLD")
    if path is not None:
        os.close(os.open(path, os.O_RDONLY))


with daemon.DaemonContext():
    report()
    hold()
