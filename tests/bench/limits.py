"""Measures how well agents keep to limits: limits.py AGENT WORKDIR WINDOW-SECONDS

Copies that share a limit run at once on this machine; their shares are told and changed while they work, as the dashboard does. What arrives at
the receivers is counted outside of the agents (count.py), over windows that begin two seconds after a change. Prints Markdown rows.
"""
import glob
import json
import os
import struct
import subprocess
import sys
import time

agent, work, window = sys.argv[1], sys.argv[2], float(sys.argv[3])
here = os.path.dirname(os.path.abspath(__file__))
MB = 1_000_000
# What is told to each copy, in MB/s.
PHASES = [
    ("40 MB/s in equal shares", [10, 10, 10, 10]),
    ("40 MB/s in unequal shares", [2, 6, 12, 20]),
    ("narrowed to 16 MB/s", [4, 4, 4, 4]),
    ("widened to 60 MB/s", [15, 15, 15, 15]),
    ("40 MB/s, one of them slow", [1, 13, 13, 13]),
]
# Told once; the second takes over by the clock.
CLOCK = ([12, 12, 12, 12], [5, 5, 5, 5])


def run(*argv, text=None):
    return subprocess.run(argv, input=text, capture_output=True, text=True, check=True).stdout


def job(number):
    return os.path.join(work, f"job{number}")


def tell(number, *entries):
    now = int(time.time() * 1000)
    table = {"now": now, "entries": [{"from": now + int(after * 1000), "bytesPerSecond": int(rate * MB)} for after, rate in entries]}
    run(agent, "limit", job(number), text=json.dumps(table))


def received(number):
    total = 0
    for name in glob.glob(os.path.join(work, f"count{number}.*")):
        with open(name, "rb") as file:
            total += struct.unpack("<q", (file.read(8) or b"\0" * 8).ljust(8, b"\0"))[0]
    return total


def measure(seconds):
    begin, before = time.monotonic(), [received(n) for n in range(4)]
    time.sleep(seconds)
    took = time.monotonic() - begin
    return [(received(n) - b) / took / MB for n, b in zip(range(4), before)]


def row(words, wanted, got):
    total, want = sum(got), sum(wanted)
    each = ", ".join(f"{g:.2f} of {w:g}" for g, w in zip(got, wanted))
    worst = max((abs(g / w - 1) for g, w in zip(got, wanted)), default=0)
    print(f"| {words} | {want:.1f} | {total:.2f} | {100 * (total / want - 1):+.1f} % | {each} | {100 * worst:.1f} % |", flush=True)


source, size = os.path.join(work, "source"), int(os.environ.get("X2K_LIMITS_MIB", "1536")) << 20
run(sys.executable, os.path.join(here, "data.py"), "random", source, str(size))
for number in range(4):
    os.makedirs(job(number))
    target = os.path.join(work, f"target{number}")
    with open(target, "wb") as file:
        file.truncate(size)
    with open(os.path.join(job(number), "job.json"), "w", encoding="ascii") as file:
        json.dump({
            "id": f"limits{number}", "hashSeed": "0123456789abcdef",
            "transport": [sys.executable, os.path.join(here, "count.py"), os.path.join(work, f"count{number}."), agent, "receive", os.path.join(work, f"state{number}")],
            "disks": [{"id": "d", "source": source, "length": size, "target": {"kind": "file", "path": target, "zeroes": "skip"}}],
        }, file)
try:
    for number, rate in enumerate(PHASES[0][1]):
        tell(number, (0, rate))
    for number in range(4):
        run(agent, "start", job(number))
    for words, shares in PHASES:
        for number, rate in enumerate(shares):
            tell(number, (0, rate))
        time.sleep(2)
        row(words, shares, measure(window))
    for number in range(4):
        tell(number, (0, CLOCK[0][number]), (4 + window, CLOCK[1][number]))
    time.sleep(2)
    row("by the clock, before the hour", CLOCK[0], measure(window))
    time.sleep(4)
    row("by the clock, after the hour, nobody told anything", CLOCK[1], measure(window))
    for number in range(4):
        state = json.loads(run(agent, "status", job(number)))
        if state["state"] != "running" or state["phase"] != "copy":
            sys.exit(f"copy {number} was over before the end: {state['state']}, {state.get('phase')}; take a larger source (X2K_LIMITS_MIB)")
finally:
    for number in range(4):
        if os.path.exists(os.path.join(job(number), "job.json")):
            subprocess.run([agent, "cancel", job(number)], capture_output=True, check=False)
