#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws screens as SVG: render.py FOLDER <DUMPS

DUMPS is what `ckpt-inspect tui --keys` writes for `:dump-attr NAME`: each becomes
FOLDER/NAME.svg.
"""
import os
import re
import sys
import unicodedata
from xml.sax.saxutils import escape

CELL, LINE, SIZE, EDGE = 8.4, 18, 14, 12
BACK, TEXT = "#1c1f26", "#d4d7dd"
# The letters of term_dump(): colour, weight, opacity.
LOOKS = {
    ".": (TEXT, 400, 1), "T": ("#ffffff", 700, 1), "H": ("#56b6c2", 400, 1), "d": (TEXT, 400, .6),
    "S": ("#7aa9f7", 700, 1), "g": ("#8fcf7c", 400, 1), "b": ("#f07178", 700, 1),
    "a": ("#8fcf7c", 400, 1), "r": ("#f07178", 400, 1), "c": ("#e5c07b", 400, 1),
    "B": ("#7aa9f7", 400, 1), "K": ("#ffffff", 700, 1), "m": ("#d08fe0", 700, 1),
}
GREYS = "0123456789CDEFGIJLMNOPQU"


def cells(text, letters):
    """The characters of a row with their columns: (column, width, text, letter)."""
    column = 0
    for c in text:
        if unicodedata.combining(c):
            continue
        width = 2 if unicodedata.east_asian_width(c) in "WF" else 1
        yield column, width, c, letters[column] if column < len(letters) else "."
        column += width


def runs(text, letters):
    """Neighbours of one style together; block characters stand alone, to fill their cells."""
    run = None
    for column, width, c, letter in cells(text, letters):
        alone = "\u2580" <= c <= "\u259f" or width > 1
        if run and run[3] == letter and not alone and not run[4]:
            run[1] += width
            run[2] += c
            continue
        if run:
            yield run
        run = [column, width, c, letter, alone]
    if run:
        yield run


def block(c, x, y, fill):
    """Bars and shades as rectangles: fonts differ in how they draw them."""
    if "\u2581" <= c <= "\u2588":
        h = LINE * (ord(c) - 0x2580) / 8
        return '<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>' % (
            x, y + LINE - h, CELL + .2, h + .2, fill)
    if "\u2589" <= c <= "\u258f":
        return '<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>' % (
            x, y + 3, CELL * (0x2590 - ord(c)) / 8, LINE - 6, fill)
    shade = {"\u2591": .25, "\u2592": .5, "\u2593": .75}.get(c)
    if shade:
        return '<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s" opacity="%s"/>' % (
            x, y, CELL + .2, LINE, fill, shade)
    return ""


def row(text, letters, y):
    out = []
    for part in re.finditer("R+", letters):
        out.append('<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>' % (
            EDGE + part.start() * CELL, y, len(part[0]) * CELL, LINE, TEXT))
    for column, width, part, letter, alone in runs(text.ljust(len(letters)), letters):
        x = EDGE + column * CELL
        fill, weight, opacity = LOOKS.get(letter, (TEXT, 400, 1))
        if letter == "R":
            fill = BACK
        if letter in GREYS:
            v = 8 + 10 * GREYS.index(letter)
            fill = "#%02x%02x%02x" % (v, v, v)
        if not part.strip():
            continue
        shape = block(part, x, y, fill) if alone else ""
        out.append(shape or (
            '<text x="%.1f" y="%d" fill="%s" font-weight="%d" opacity="%g" '
            'textLength="%.1f" xml:space="preserve">%s</text>' % (
                x, y + 14, fill, weight, opacity, width * CELL, escape(part))))
    return out


def picture(size, rows):
    cols, lines = (int(n) for n in size.split("x"))
    width, height = 2 * EDGE + cols * CELL, 2 * EDGE + lines * LINE
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" '
           'viewBox="0 0 %.0f %.0f" font-size="%d" font-family="DejaVu Sans Mono, Menlo, '
           'Consolas, monospace">' % (width, height, width, height, SIZE),
           '<rect width="100%%" height="100%%" rx="8" fill="%s"/>' % BACK]
    for i in range(0, len(rows) - 1, 2):
        out += row(rows[i], rows[i + 1], EDGE + i // 2 * LINE)
    return "\n".join(out + ["</svg>", ""])


def main():
    name, size, rows, found = None, None, [], []
    for line in sys.stdin.read().splitlines() + ["--- end (1x1)"]:
        if line.startswith("--- ") and line.endswith(")"):
            if name:
                found.append((name, size, rows))
            name, size = line[4:-1].rsplit(" (", 1)
            rows = []
        else:
            rows.append(line)
    for name, size, rows in found:
        with open(os.path.join(sys.argv[1], name + ".svg"), "w", encoding="utf-8") as f:
            f.write(picture(size, rows))


main()
