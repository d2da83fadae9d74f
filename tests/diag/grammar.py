#!/usr/bin/env python3
"""docs/GRAMMAR.md accounts for every name of grammar/parse.y, and for no other.

usage: grammar.py PARSE_Y GRAMMAR_MD

A rule of the grammar has a rule of the same name, or stands in the last section.
A word's token stands as the word in quotes, any other by its name.
"""
import pathlib
import re
import sys


def read_grammar(text):
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    rules, used = set(), set()
    for left, right in re.findall(r"^([a-z_]+)(?:\(\w\))? ::=([^.]*)\.", text, flags=re.M):
        rules.add(left)
        used |= set(re.findall(r"[A-Za-z_]+", re.sub(r"\(\w\)", "", right)))
    tokens = {name for name in used if name.isupper()} | {"UNFIT"}
    return rules, used - tokens, tokens


def read_document(text):
    rules, used, words, tokens = set(), set(), set(), set()
    for part in re.findall(r"```ebnf\n(.*?)```", text, flags=re.S):
        part = re.sub(r"\(\*.*?\*\)", " ", part)
        words |= set(re.findall(r'"(\w+)"', part))
        part = re.sub(r'"\w+"', " ", part)
        rules |= set(re.findall(r"^([a-z_]+)\s+=", part, flags=re.M))
        used |= set(re.findall(r"\b[a-z_]+\b", part))
        tokens |= set(re.findall(r"\b[A-Z_]+\b", part))
    last = text[text.rindex("\n## "):]
    named = set(re.findall(r"`(\w+)`", last))
    table = {name for row in re.findall(r"^\| (`[A-Z].*?) \|", text, flags=re.M)
             for name in re.findall(r"`(\w+)`", row)}
    return rules, used, words, tokens, named, table


def main():
    rules, used, tokens = read_grammar(pathlib.Path(sys.argv[1]).read_text())
    drules, dused, words, dtokens, named, table = read_document(
        pathlib.Path(sys.argv[2]).read_text())
    wrong = [f"parse.y: rule {name} is not in the document" for name in rules - drules - named]
    own = {"package", "match_arm", "arm", "operator"}  # the document's own
    wrong += [f"document: {name} is no rule of parse.y" for name in drules - rules - own]
    wrong += [f"document: {name} has no rule there" for name in dused - drules]
    wrong += [f"parse.y: {name} is not in the document" for name in tokens
              if name.lower() not in words and name not in dtokens | named]
    wrong += [f'document: "{word}" is no token' for word in words if word.upper() not in tokens]
    wrong += [f"document: {name} is no token" for name in dtokens - tokens]
    wrong += [f"document: {name} is used but not explained" for name in dtokens - table]
    wrong += [f"parse.y: {name} is used without a rule" for name in used - rules - {"error"}]
    for line in sorted(wrong):
        print(line)
    return 1 if wrong or not rules or not tokens else 0


sys.exit(main())
