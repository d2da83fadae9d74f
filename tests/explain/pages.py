#!/usr/bin/env python3
"""The pages of docs/explain: what each calls wrong is said to be just that, and
what it calls right compiles without a word.

usage: pages.py DTFC CODES_H PAGES_DIR        TAP on standard output

A page is `# DTFnnnn: title`, prose, `## Wrong` and `## Right`, each with one dtf
block.  In a block:

    // file PATH       the lines from here on are this file; before, example.dtf
    // dtfc -OPTION    an option for the compiler
    // also DTFnnnn    this is reported too

and U+FFFD stands for a byte that is no UTF-8.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

TITLE = re.compile(r"# (DTF\d{4}): (\S.{,58}[^\s.])")
SECTIONS = ["Wrong", "Right"]
WIDTH, SIZE = 80, 4095  # of a terminal; of a string in C


def known_codes(path):
    """Code to None, or of a warning to its name and whether it is on."""
    found = re.findall(r'X\((\d+), \w+(?:, "([\w-]+)", (true|false))?\)', path.read_text())
    return {f"DTF{int(number):04}": (name, on == "true") if name else None
            for number, name, on in found}


def blocks(text):
    """[(section, code)]"""
    found, section, code = [], None, None
    for line in text.splitlines():
        if code is not None and line == "```":
            found.append((section, code))
            code = None
        elif code is not None:
            code.append(line)
        elif line.startswith("```"):
            code = []
        elif line.startswith("## "):
            section = line[3:]
    return found


def judge_form(name, text, warning):
    title = TITLE.fullmatch(text.split("\n", 1)[0])
    if not title or title.group(1) != name:
        yield f"the first line is not '# {name}: title'"
    if [section for section, _ in blocks(text)] != SECTIONS:
        yield "there is not one block under each of ## Wrong and ## Right"
    if len(text.encode()) > SIZE:
        yield f"longer than {SIZE} bytes"
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > WIDTH:
            yield f"line {number} is longer than {WIDTH} characters"
    wanted = ["-Wno-" + warning[0] if warning[1] else "-W" + warning[0]] if warning else []
    if re.findall(r"`(-W[\w-]+)`", text) != wanted:
        yield f"does not say `{''.join(wanted)}` once" if wanted else "has an option of warnings"


def compile_block(dtfc, code):
    """What is reported for it, its files, and what else it says will be."""
    files, path, options, also = {}, "example.dtf", [], set()
    for line in code:
        word = re.fullmatch(r"// (file|dtfc|also) (\S+)", line)
        if word and word.group(1) == "file":
            path = word.group(2)
        elif word and word.group(1) == "dtfc":
            options.append(word.group(2))
        elif word:
            also.add(word.group(2))
        files.setdefault(path, []).append(line)
    with tempfile.TemporaryDirectory() as work:
        for path, lines in files.items():
            file = pathlib.Path(work, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes("".join(line + "\n" for line in lines).encode()
                             .replace("\uFFFD".encode(), b"\xFF"))
        run = subprocess.run([dtfc, "--check", "--json", *options, "example.dtf"], cwd=work,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    if run.returncode not in (0, 1) or run.stderr:
        return {f"exit code {run.returncode}: {run.stderr.decode()}"}, also
    return {said["code"] for said in json.loads(run.stdout)}, also


def judge_block(dtfc, section, code, name):
    said, also = compile_block(dtfc, code)
    wanted = also | {name} if section == "Wrong" else also
    if said != wanted:
        yield (f"{section}: dtfc says {' '.join(sorted(said)) or 'nothing'}, "
               f"not {' '.join(sorted(wanted)) or 'nothing'}")


def judge_embedded(dtfc, name, text, warning):
    run = subprocess.run([dtfc, "explain", "--json", name], stdout=subprocess.PIPE, timeout=60)
    title = text.split("\n", 1)[0].split(": ", 1)[-1]
    severity = "warning" if warning else "error"
    wanted = {"code": name, "severity": severity, "title": title, "text": text}
    if warning:
        wanted["name"] = warning[0]
    if run.returncode != 0 or json.loads(run.stdout) != wanted:
        yield f"`dtfc explain {name}` does not know it like this"


def judge_page(dtfc, path, codes):
    name, text = path.stem, path.read_text()
    if name not in codes:
        return [f"there is no {name} in codes.h"]
    problems = list(judge_form(name, text, codes[name]))
    for section, code in blocks(text):
        problems += judge_block(dtfc, section, code, name)
    problems += judge_embedded(dtfc, name, text, codes[name])
    return problems


def main():
    dtfc, codes = str(pathlib.Path(sys.argv[1]).resolve()), known_codes(pathlib.Path(sys.argv[2]))
    pages = sorted(pathlib.Path(sys.argv[3]).glob("*.md"))
    results = [(path.stem, judge_page(dtfc, path, codes)) for path in pages]
    missing = sorted(set(codes) - {path.stem for path in pages})
    results.append(("every code has a page", [f"{name} has none" for name in missing]))
    for number, (name, problems) in enumerate(results, 1):
        print(f"{'not ok' if problems else 'ok'} {number} - {name}")
        for problem in problems:
            print(f"# {problem}")
    print(f"1..{len(results)}")


main()
