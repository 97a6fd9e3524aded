"""Ties a process to its parent: when the parent is gone, by whatever means, so is the child."""

import ctypes
import os
import signal
import sys

__all__ = ["die_with_parent"]

_PR_SET_PDEATHSIG = 1
# Loaded with the module, not after a fork: between fork and exec nothing may wait for a lock.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(
    signal_number: signal.Signals = signal.SIGKILL, *, parent: int | None = None
) -> None:
    """Have the kernel send this process ``signal_number`` when its parent ends (Linux).

    The kernel means the parent's *thread* that started this process: it must live as long as the
    parent does. A change of user clears the wish, so call this after it. Elsewhere than on Linux
    nothing happens.

    Args:
        signal_number: What is sent.
        parent: The process that is expected to be the parent, if the caller knows; when it is
            gone already, this process ends at once with the same signal.

    Raises:
        OSError: The kernel refused.
    """
    if _LIBC is None:
        return
    expected = os.getppid() if parent is None else parent
    if _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    if os.getppid() != expected:
        os.kill(os.getpid(), signal_number)
