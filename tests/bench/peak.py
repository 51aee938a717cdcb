"""Runs a command and writes its peak resident memory in KiB to a file of its own: peak.py PREFIX COMMAND…"""
import os
import resource
import subprocess
import sys

code = subprocess.call(sys.argv[2:])
with open(f"{sys.argv[1]}{os.getpid()}", "w") as f:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=f)
sys.exit(code)
