"""Runs a command and passes what comes in to it, counting the bytes: count.py FILE COMMAND…

FILE holds the count so far, as a number of eight bytes that is written in place.
"""
import mmap
import os
import struct
import subprocess
import sys

counter = os.open(sys.argv[1] + str(os.getpid()), os.O_RDWR | os.O_CREAT, 0o600)
os.ftruncate(counter, 8)
count = mmap.mmap(counter, 8)
with subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE) as child:
    passed = 0
    while piece := os.read(0, 1 << 16):
        view = memoryview(piece)
        while view:
            view = view[os.write(child.stdin.fileno(), view):]
        passed += len(piece)
        count[:] = struct.pack("<q", passed)
    child.stdin.close()
sys.exit(child.returncode)
