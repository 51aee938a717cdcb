"""Writes a disk image with known content: data.py KIND PATH BYTES.

sparse  80% holes, the rest does not compress          random  does not compress
half    half zeroes (written, no holes), a quarter      text    compresses about threefold
        that does not compress, a quarter text          island  1 MiB of random data every 512 MiB (at most 4096), else holes
Pieces are 1 to 8 MiB.
"""
import random
import sys

kind, path, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
r = random.Random(kind)
words = [bytes(r.choices(b"abcdefghijklmnopqrstuvwxyz", k=r.randint(3, 10))) for _ in range(2000)]


def text(n):
    return b" ".join(r.choices(words, k=n // 6 + 16))[:n].ljust(n)


with open(path, "wb") as f:
    f.truncate(size)
    if kind == "island":
        step = max(512 << 20, size // 4096 >> 20 << 20)
        for at in range(0, size, step):
            f.seek(at)
            f.write(r.randbytes(1 << 20))
        sys.exit()
    at, turn = 0, 0
    while at < size:
        n = min(r.randint(1, 8) << 20, size - at)
        f.seek(at)
        if kind == "random" or (kind == "sparse" and r.random() < 0.2) or (kind == "half" and turn % 4 == 1):
            f.write(r.randbytes(n))
        elif kind == "text" or (kind == "half" and turn % 4 == 3):
            f.write(text(n))
        elif kind == "half":
            f.write(bytes(n))
        at, turn = at + n, turn + 1
