"""Turns lines "DISK ROUND METHOD SECONDS" into a Markdown table: table.py BASE DISK=MIB...

Per disk and method: median, least and most over the rounds; and the method's time divided by BASE's of the same round.
"""
import collections
import statistics
import sys

base, sizes = sys.argv[1], dict(a.split("=") for a in sys.argv[2:])
times = collections.defaultdict(lambda: collections.defaultdict(dict))
for line in sys.stdin:
    disk, block, method, seconds = line.split()
    times[disk][method][block] = float(seconds)
print(f"| disk | method | rounds | median s | least – most s | MiB/s of disk | ratio to {base}: median (least – most) |\n|---|---|---|---|---|---|---|")
for disk, methods in times.items():
    for method, by_block in sorted(methods.items(), key=lambda m: statistics.median(m[1].values())):
        seconds = by_block.values()
        ratios = [s / methods[base][b] for b, s in by_block.items() if b in methods[base]]
        median = statistics.median(seconds)
        ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} – {max(ratios):.2f})" if ratios else ""
        print(f"| {disk} | {method} | {len(seconds)} | {median:.2f} | {min(seconds):.2f} – {max(seconds):.2f} | {float(sizes[disk]) / median:.0f} | {ratio} |")
