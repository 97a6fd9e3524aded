"""Runs until it is asked to stop, and says what it was told."""

import os
import signal
import sys
import threading

from newsmill_shared.process import die_with_parent

asked = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: asked.set())
sys.stdout.write(f"told {os.environ.get('NEWSMILL_TOLD', 'nothing')}\n")
sys.stdout.flush()
# As a pool does: a child of its own, tied to it.
parent = os.getpid()
child = os.fork()
if child == 0:
    die_with_parent(parent=parent)
    while True:
        signal.pause()
asked.wait()
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
sys.stdout.write("stopped in order\n")
