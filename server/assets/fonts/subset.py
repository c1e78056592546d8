#!/usr/bin/env python3
"""Makes the Chinese and Korean fonts of this folder from Noto Sans CJK. See README.md for where the originals come from.

    python3 -m venv /tmp/fonts && /tmp/fonts/bin/pip install fonttools==4.68.0
    /tmp/fonts/bin/python subset.py FOLDER_WITH_THE_TTC_FILES
"""

import pathlib
import sys

from fontTools import subset

HERE = pathlib.Path(__file__).parent

# Punctuation, brackets and full-width forms that Chinese and Korean texts use; Latin letters and digits come from Be Vietnam Pro.
MARKS = [0x20, 0xA0, 0xB7, 0x3000]
MARKS += [*range(0x2010, 0x2027), 0x2030, 0x203B, 0x2103, *range(0x2160, 0x216C), *range(0x2190, 0x2194)]
MARKS += [*range(0x2460, 0x2474), 0x25A0, 0x25CB, 0x25CF, 0x25CE, 0x25C6, 0x25B2, 0x2605, 0x2606]
MARKS += [*range(0x3001, 0x3012), *range(0x3014, 0x3018), *range(0xFF01, 0xFF5F), 0xFFE5]


def two_byte(codec, rows):
    """The characters that a two-byte national standard has in these rows."""
    found = []
    for row in rows:
        for cell in range(0xA1, 0xFF):
            try:
                found.append(ord(bytes([row, cell]).decode(codec)))
            except UnicodeDecodeError:
                pass
    return found


# GB/T 2312, level 1 (rows 16 to 55) and level 2 (56 to 87); KS X 1001, Hangul (rows 16 to 40) and its letters (row 4).
HANZI = two_byte("gb2312", range(0xB0, 0xF8))
HANGUL = two_byte("euc_kr", [0xA4, *range(0xB0, 0xC9)])


def make(source, number, unicodes, target):
    options = subset.Options()
    options.font_number = number
    options.layout_features = []
    options.hinting = False
    options.desubroutinize = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 13, 14]
    options.name_languages = [0x409]
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "GSUB", "GPOS", "DSIG"]
    options.recalc_timestamp = False
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=unicodes)
    subsetter.subset(font)
    subset.save_font(font, str(target), options)
    print(f"{target.relative_to(HERE)}: {len(font.getBestCmap())} characters, {target.stat().st_size} bytes")


def main():
    originals = pathlib.Path(sys.argv[1])
    for weight in ["Medium", "Bold"]:
        source = originals / f"NotoSansCJK-{weight}.ttc"
        make(source, 2, HANZI + MARKS, HERE / "noto-sans-sc" / f"NotoSansSC-{weight}.otf")
        make(source, 1, HANGUL + MARKS, HERE / "noto-sans-kr" / f"NotoSansKR-{weight}.otf")


main()
