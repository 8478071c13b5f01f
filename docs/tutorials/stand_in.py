#!/usr/bin/env python3
"""Drawn images in the place of data sets that have to be fetched, in the same files, so that every command of the tutorials runs
without them. What is learnt on them says nothing about the real ones.

    stand_in.py cifar10 cifar-10-batches-bin [SAMPLES]   ten shapes, each of its own colour, on cluttered ground, as CIFAR-10's binary version (2000, and a fifth to test)
    stand_in.py places places [SAMPLES]                  six kinds of scenes, as folders of PNG files (90 each, and a third to test)"""
import struct
import sys
import zlib
from pathlib import Path

import numpy as np

SHAPES = ["disc", "ring", "square", "frame", "triangle", "cross", "plus", "rows", "columns", "checks"]


def shape(name, r):
    """[2r+1, 2r+1] of bool"""
    y, x = np.mgrid[-r:r + 1, -r:r + 1]
    far, near = np.maximum(abs(x), abs(y)), np.minimum(abs(x), abs(y))
    return {
        "disc": x * x + y * y <= r * r, "ring": abs(np.hypot(x, y) - 0.75 * r) <= 0.28 * r,
        "square": far <= 0.85 * r, "frame": (far <= 0.9 * r) & (far >= 0.5 * r), "triangle": 2 * abs(x) <= y + r,
        "cross": abs(abs(x) - abs(y)) <= 0.25 * r, "plus": near <= 0.25 * r, "rows": (y + r) // 2 % 2 == 0,
        "columns": (x + r) // 2 % 2 == 0, "checks": ((x + r) // 3 + (y + r) // 3) % 2 == 0,
    }[name]


def clutter(random, size):
    """[size, size, 3] in 0..1: soft blotches and single pixels"""
    coarse = random.uniform(0.1, 0.5, (size // 8 + 1, size // 8 + 1, 3))
    at = np.arange(size) / 8
    low, part = at.astype(int), (at % 1)[:, None, None]
    rows = coarse[low] * (1 - part) + coarse[np.minimum(low + 1, size // 8)] * part
    part = (at % 1)[None, :, None]
    return rows[:, low] * (1 - part) + rows[:, np.minimum(low + 1, size // 8)] * part + random.uniform(-0.1, 0.1, (size, size, 3))


def one_shape(random, k):
    image, r = clutter(random, 32), int(random.integers(4, 7))
    y, x = random.integers(r, 32 - r, 2)
    hue = 2 * np.pi * (k / 10 + np.array([0, 1 / 3, 2 / 3]))
    color = np.clip(0.65 + 0.45 * np.cos(hue) + random.uniform(-0.1, 0.1, 3), 0, 1)
    place = image[y - r:y + r + 1, x - r:x + r + 1]
    place[shape(SHAPES[k], r)] = color
    return image


def write_cifar10(folder, samples):
    random = np.random.default_rng(1)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "batches.meta.txt").write_text("\n".join(SHAPES) + "\n")
    parts = [(f"data_batch_{i}.bin", samples // 5) for i in range(1, 6)] + [("test_batch.bin", samples // 5)]
    for name, count in parts:
        with open(folder / name, "wb") as file:
            for i in range(count):
                pixels = (np.clip(one_shape(random, i % 10), 0, 1) * 255).astype(np.uint8)
                file.write(bytes([i % 10]) + pixels.transpose(2, 0, 1).tobytes())


def triangle(image, peak, left, right, foot, color):
    """peak: (row, column); its foot is a row from left to right."""
    for y in range(max(peak[0], 0), min(foot, len(image))):
        part = (y - peak[0]) / max(foot - peak[0], 1)
        image[y, max(int(peak[1] + (left - peak[1]) * part), 0):max(int(peak[1] + (right - peak[1]) * part), 0)] = color


def sky(random, size):
    top, low = random.uniform(0.3, 0.6), random.uniform(0.75, 0.95)
    shade = np.linspace(top, low, size)[:, None, None]
    return np.concatenate([0.7 * shade, 0.85 * shade, shade + 0.05], 2).repeat(size, 1)


def buildings(random, image, n):
    for x in range(0, n, n // 5):
        top, wide = int(random.integers(n // 8, n // 2)), int(random.integers(n // 8, n // 5))
        image[top:, x:x + wide] = random.uniform(0.25, 0.6) * np.array([1, 0.95, 0.9])
        image[top + 3:n - 3:5, x + 2:x + wide - 2:4] = [0.95, 0.85, 0.4]


def forest(random, image, n):
    image[n // 4:] = [0.1, 0.3, 0.1]
    for _ in range(30):
        x, top = int(random.integers(0, n)), int(random.integers(0, n // 2))
        triangle(image, (top, x), x - 6, x + 6, top + n // 2, random.uniform(0.6, 1.2) * np.array([0.12, 0.4, 0.14]))


def glacier(random, image, n):
    image[n // 3:] = [0.8, 0.9, 0.97]
    for _ in range(7):
        x, top = int(random.integers(0, n)), int(random.integers(n // 5, n // 2))
        triangle(image, (top, x), x - 12, x + 4, n, [0.9, 0.96, 1.0])
        triangle(image, (top, x), x, x + 8, n, [0.55, 0.75, 0.88])


def mountain(random, image, n):
    for _ in range(3):
        x, top = int(random.integers(n // 5, 4 * n // 5)), int(random.integers(n // 8, n // 3))
        triangle(image, (top, x), x - n // 2, x + n // 2, n, random.uniform(0.25, 0.45) * np.array([1, 0.92, 0.85]))
        triangle(image, (top, x), x - n // 12, x + n // 12, top + n // 6, [0.95, 0.95, 0.97])


def sea(random, image, n):
    top = int(random.integers(n // 3, n // 2))
    image[top:] = [0.05, 0.25, 0.45]
    for y in range(top, n, 4):
        x = int(random.integers(0, n // 4))
        image[y, x::random.integers(7, 12)] = image[y, x + 1::9] = [0.6, 0.75, 0.85]


def street(random, image, n):
    image[n // 2:] = [0.45, 0.42, 0.4]
    triangle(image, (n // 2 - 2, n // 2), -n // 5, n + n // 5, n, [0.2, 0.2, 0.22])
    for y in range(n // 2 + 2, n, 8):
        image[y:y + 4, n // 2 - 1:n // 2 + 1 + (y - n // 2) // 12] = [0.95, 0.95, 0.85]
    for side in (slice(0, n // 4), slice(n - n // 4, n)):
        image[int(random.integers(n // 8, n // 4)):n // 2 + n // 8, side] = random.uniform(0.35, 0.6) * np.array([1, 0.8, 0.7])


SCENES = [buildings, forest, glacier, mountain, sea, street]


def write_png(path, pixels):
    """pixels [height, width, 3] uint8"""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    path.parent.mkdir(parents=True, exist_ok=True)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", *pixels.shape[1::-1], 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def write_places(folder, samples, n=96):
    random = np.random.default_rng(2)
    for part, count in (("train", samples), ("test", samples // 3)):
        for scene in SCENES:
            for i in range(count):
                image = sky(random, n)
                scene(random, image, n)
                image += random.normal(0, 0.05, image.shape)
                write_png(folder / part / scene.__name__ / f"{i:03}.png", (np.clip(image, 0, 1) * 255).astype(np.uint8))


if __name__ == "__main__":
    kinds = {"cifar10": (write_cifar10, 2000), "places": (write_places, 90)}
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in kinds:
        sys.exit(__doc__)
    write, usual = kinds[sys.argv[1]]
    folder = Path(sys.argv[2])
    if folder.exists():
        sys.exit(f"{folder} is there already, and stays as it is: data that was fetched is not replaced")
    write(folder, int(sys.argv[3]) if len(sys.argv) == 4 else usual)
