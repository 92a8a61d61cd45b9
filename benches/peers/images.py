"""A small data set for measurements of real trainings: PNG files of coloured noise, the same every time."""

import random
import struct
import zlib
from pathlib import Path


def write_data_set(folder: Path, size: int, classes: int, train: int, validate: int) -> Path:
    """Writes `train/` and `val/` with so many images of each class in turn, and gives the folder back."""
    noise = random.Random(0)
    for split, count in (("train", train), ("val", validate)):
        for number in range(count):
            kind = number % classes
            target = folder / split / f"class-{kind}"
            target.mkdir(parents=True, exist_ok=True)
            # Half the range of a byte, higher for a later class: what a network can learn.
            brightness = bytes(byte // 2 + 127 * kind // (classes - 1) for byte in range(256))
            pixels = noise.randbytes(3 * size * size).translate(brightness)
            (target / f"{number}.png").write_bytes(png(size, pixels))
    return folder


def png(size: int, pixels: bytes) -> bytes:
    """A square image of three bytes a pixel."""
    row = 3 * size
    unfiltered = b"".join(b"\0" + pixels[at : at + row] for at in range(0, len(pixels), row))
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(unfiltered, 1)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, content) for kind, content in parts)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
