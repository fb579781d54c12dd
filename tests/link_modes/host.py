"""As `host.c`, in a language whose programs are all run by one executable."""

import ctypes
import os
import signal
import sys


def stop():
    os.kill(os.getpid(), signal.SIGSTOP)


stop()
library = ctypes.CDLL(sys.argv[1])
stop()
if library.running_daemon() != 0:
    sys.exit(1)
stop()
sys.exit(42)
