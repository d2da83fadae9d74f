#!/usr/bin/env python3
"""docs/explain as C: what `dtfc explain` prints.

usage: pages.py DIR OUTPUT DEPFILE

The same pages give the same bytes.  The depfile names the directory too, so that
a page that comes or goes is noticed.
"""
import pathlib
import sys

STRING_MAX = 4095  # what C promises of a literal


def quote(text):
    def byte(b):
        if b in b'"\\?':  # "??" may begin a trigraph
            return "\\" + chr(b)
        return chr(b) if 0x20 <= b < 0x7F else "\\n" if b == 10 else f"\\{b:03o}"
    return '"' + "".join(byte(b) for b in text.encode()) + '"'


def page(path):
    text = path.read_text(encoding="utf-8")
    heading, name = text.split("\n", 1)[0], path.stem
    start = f"# {name}: "
    if not (name.startswith("DTF") and name[3:].isdigit() and heading.startswith(start)):
        sys.exit(f"{path}:1: a page begins with '{start}'")
    if len(text.encode()) > STRING_MAX:
        sys.exit(f"{path}: a page has at most {STRING_MAX} bytes")
    lines = "".join(f"\n\t\t{quote(line)}" for line in text.splitlines(keepends=True))
    return f"\t{{ {int(name[3:])}, {quote(heading[len(start):])},{lines} }},\n"


def main():
    directory, output, depfile = map(pathlib.Path, sys.argv[1:])
    paths = sorted(directory.glob("DTF*.md"))
    output.write_text('#include "explain.h"\n\n'
                      "const struct explain_page explain_pages[] = {\n"
                      + "".join(page(path) for path in paths)
                      + f"}};\nconst size_t explain_npages = {len(paths)};\n", encoding="utf-8")
    inputs = " ".join(str(path).replace(" ", "\\ ") for path in [directory, *paths])
    depfile.write_text(f"{output}: {inputs}\n", encoding="utf-8")


main()
