#!/usr/bin/env python3
"""PNG files of eight bits a channel, made and read with Python's standard library alone.

    png.py make FILE WIDTH HEIGHT SEED     a picture in which neighbouring pixels differ
    png.py read FILE                       prints WIDTH HEIGHT and the SHA-256 of the pixels as red, green, blue
"""

import hashlib
import struct
import sys
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {2: 3, 6: 4}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def make(file, width, height, seed):
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            mixed = ((x * 73856093) ^ (y * 19349663) ^ (seed * 83492791)) * 2654435761 & 0xFFFFFFFF
            rows += mixed.to_bytes(4, "big")[:3]
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    with open(file, "wb") as out:
        out.write(SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b""))


def chunks(data):
    at = len(SIGNATURE)
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if zlib.crc32(kind + body) != struct.unpack_from(">I", data, at + 8 + length)[0]:
            sys.exit(f"chunk {kind} is damaged")
        yield kind, body
        at += 12 + length


def paeth(a, b, c):
    p = a + b - c
    near = (abs(p - a), abs(p - b), abs(p - c))
    return (a, b, c)[near.index(min(near))]


def unfilter(kind, row, above, step):
    for i in range(len(row)):
        left = row[i - step] if i >= step else 0
        corner = above[i - step] if i >= step else 0
        row[i] = (row[i] + (0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner))[kind]) & 0xFF
    return row


def read(file):
    with open(file, "rb") as source:
        data = source.read()
    if not data.startswith(SIGNATURE):
        sys.exit("no PNG")
    parts = list(chunks(data))
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", parts[0][1])
    if depth != 8 or colour not in CHANNELS or interlaced:
        sys.exit(f"a form of PNG that is not read here: depth {depth}, colour {colour}")
    step = CHANNELS[colour]
    raw = zlib.decompress(b"".join(body for kind, body in parts if kind == b"IDAT"))
    above, pixels = bytearray(width * step), hashlib.sha256()
    for y in range(height):
        at = y * (width * step + 1)
        above = unfilter(raw[at], bytearray(raw[at + 1 : at + 1 + width * step]), above, step)
        if step == 4:
            if any(above[i] != 255 for i in range(3, len(above), 4)):
                sys.exit("transparent pixels")
            pixels.update(bytes(above[i] for i in range(len(above)) if i % 4 != 3))
        else:
            pixels.update(above)
    print(width, height, pixels.hexdigest())


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], *map(int, sys.argv[3:6]))
    else:
        read(sys.argv[2])
