#!/usr/bin/env python3
"""Each text that the compiler can say stands in some expected output.

usage: complete.py EXPECTED_DIR SOURCE...

A text is a string literal with a blank in it: what is not said to people has
none, or stands in ALLOWED.  %s and its like stand for anything.
"""
import pathlib
import re
import sys

ALLOWED = {
    "out of memory for the parser",  # exits: no test runs out of memory
    "the beginning of a string",  # --emit=tokens only
    "the middle of a string",
    "the end of a string",
    "a keyword",
    "unsigned char",
    "activity_failed timeout lost",
    "this is nested too deeply (limit %d)",  # by records that hold records: t_check
    "nested too deeply (limit %d)",
}
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
# A literal is kept; a character or comment is not.
TOKEN = re.compile(r'''("(?:[^"\\\n]|\\.)*")|'(?:\\.|[^'\\\n])'|/\*.*?\*/|//[^\n]*''', re.S)
# What the compiler says about itself.
BUG = re.compile(r'\bbug\("[^"]*"\)')
JOINED = re.compile(r'"\s*\n\s*"')


def texts(path):
    source = path.read_text()
    if path.suffix == ".re":
        source = re.sub(r"/\*!re2c(.*?)\*/", r"\1", source, flags=re.S)
    source = BUG.sub("", source)
    source = TOKEN.sub(lambda m: m.group(1) or " ", source)
    source = JOINED.sub("", source)
    for match in LITERAL.finditer(source):
        text = match.group(1).replace('\\"', '"').replace("\\\\", "\\").replace("\\?", "?")
        if " " in text.strip() and "\\" not in text.replace("\\n \\t", ""):
            yield text


def main():
    expected = "\n".join(p.read_text(errors="replace")
                         for p in sorted(pathlib.Path(sys.argv[1]).rglob("*.stderr")))
    missing = []
    for name in sys.argv[2:]:
        for text in texts(pathlib.Path(name)):
            pattern = ".*".join(re.escape(part)
                                for part in re.split(r"%[-.*0-9]*[a-zA-Z]+", text))
            if text not in ALLOWED and not re.search(pattern, expected):
                missing.append(f"{pathlib.Path(name).name}: {text}")
    for line in missing:
        print("no test shows:", line)
    return 1 if missing else 0


sys.exit(main())
