#!/usr/bin/env python3
"""Writes a large .dtf file for measuring the compiler: gen_source.py KIND LINES [SEED] > big.dtf

KIND is
    mix     what a large program is like: packages of records, enums, errors, activities, events
            and workflows of 20 to 60 lines with steps, parallel, select, try, undo and loops
    huge    declarations and one workflow that is as long as the file
    names   one workflow with the same few names in thousands of blocks, and declarations whose
            names are nearly the same and meet in C
    wide    declarations with as many parameters, fields, members, arms and variables as lines allow

The same arguments write the same file.
"""

import random
import sys


class Source:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = ["package big", ""]
        self.depth = 0

    def add(self, text):
        self.lines.append("    " * self.depth + text if text else "")

    def begin(self, text):
        self.add(text + " {")
        self.depth += 1

    def end(self, text="}"):
        self.depth -= 1
        self.add(text)


# ---- what there is to use: one set for each "package" of a program ----

NOUNS = ("Order", "Parcel", "Invoice", "Customer", "Ticket", "Flight", "Account", "Delivery")


def declare(s, n):
    noun = f"{s.random.choice(NOUNS)}{n}"
    low = noun.lower()
    s.add(f"/// What is known about {low}.")
    s.begin(f"record {noun}")
    for field in ("id: string", "customer: string", "cents: int", "count: int", "lines: [string]"):
        s.add(field)
    s.add("weight: float")
    s.add("express: bool?")
    s.end()
    s.add(f"enum {noun}State {{ fresh, paid, sent, lost }}")
    s.add(f"error {low}_refused(code: string, cents: int)")
    s.add(f"error {low}_gone")
    s.add(f"activity reserve_{low}(it: {noun}, count: int) -> string fails {low}_refused {{")
    s.add("    timeout 30s")
    s.add("    retry 5 backoff 200ms..30s factor 2.0")
    s.add("}")
    s.add(f"activity release_{low}(id: string) {{ retry forever backoff 1s..5m }}")
    s.add(f"activity charge_{low}(id: string, cents: int) -> int fails {low}_refused, {low}_gone")
    s.add(f"activity look_{low}(id: string) -> {noun}State {{ timeout 5s, tag \"looks\" }}")
    s.add(f"activity tell_{low}(customer: string, text: string)")
    s.add(f"event changed_{low}: {noun}State")
    s.add(f"event paid_{low}: int {{ capacity 16 }}")
    s.add("")
    return noun, low


# ---- statements: each one writes some lines ----


def steps(s, noun, low, tag):
    s.add(f"let held{tag} = do reserve_{low}(it, {tag} + 1) undo release_{low}(it.id)")
    s.add(f"sum += share + len(held{tag}) * {s.random.randint(2, 90)}")
    s.add(f"do tell_{low}(it.customer, \"{low} {{it.id}} is held as {{held{tag}}}\")")


def chain(s, noun, low, tag):
    s.add(f"status \"at {tag} of {{it.id}}\"")
    s.add(f"let cents{tag} = do charge_{low}(it.id, it.cents + {tag})")
    s.begin(f"if cents{tag} > {s.random.randint(100, 90000)} and it.count > 0")
    s.add(f"log info \"{{it.id}} costs {{cents{tag}}}\"")
    s.add(f"sum += cents{tag} % 7")
    s.end()


def select(s, noun, low, tag):
    s.begin("select")
    s.begin(f"on changed_{low} as state")
    s.begin("match state")
    s.add(f"{noun}State.fresh => sum += 1")
    s.add(f"{noun}State.paid => do tell_{low}(it.customer, \"paid\")")
    s.add(f"{noun}State.sent => sum -= 1")
    s.add(f"{noun}State.lost => fail {low}_gone")
    s.end()
    s.end()
    s.add(f"do charge_{low}(it.id, {tag}) as cents {{ sum += cents }}")
    s.add(f"after {s.random.randint(1, 90)}m {{ log warn \"nobody said what {{it.id}} is\" }}")
    s.end()


def parallel(s, noun, low, tag):
    s.begin("parallel")
    s.add(f"let left{tag} = do charge_{low}(it.id, {tag})")
    s.add(f"let right{tag} = do look_{low}(it.id)")
    s.add("{")
    s.depth += 1
    s.add(f"sleep {s.random.randint(1, 60)}s")
    s.add(f"do tell_{low}(it.customer, \"still at it\")")
    s.end()
    s.end()
    s.begin(f"if right{tag} != {noun}State.lost")
    s.add(f"sum += left{tag}")
    s.end()


def crowd(s, noun, low, tag):
    s.begin(f"let all{tag} = parallel for line in it.lines limit {s.random.randint(2, 20)}")
    s.add(f"yield do reserve_{low}(it, len(line)) undo release_{low}(line)")
    s.end()
    s.add(f"sum += len(all{tag})")


def attempt(s, noun, low, tag):
    s.begin("try")
    s.add(f"let got = do charge_{low}(it.id, {tag}) undo release_{low}(it.id)")
    s.add("sum += got")
    s.depth -= 1
    s.begin(f"}} catch {low}_refused as e")
    s.add(f"log warn \"{{it.id}}: {{e.code}} for {{e.cents}}\"")
    s.depth -= 1
    s.begin("} catch activity_failed, timeout as e")
    s.add(f"do tell_{low}(it.customer, e.message)")
    s.depth -= 1
    s.begin("} finally")
    s.add("sum += 1")
    s.end()


def loop(s, noun, low, tag):
    s.begin("for line in it.lines")
    s.begin(f"if len(line) == {s.random.randint(0, 9)}")
    s.add("continue")
    s.end()
    s.add(f"let cents = do charge_{low}(line, len(line) * {tag})")
    s.add("sum += cents")
    s.end()


def within(s, noun, low, tag):
    s.begin(f"within {s.random.randint(1, 9)}h")
    s.add(f"let cents = wait paid_{low}")
    s.add("var rest = it.cents - cents")
    s.begin("while rest > 0")
    s.add("rest -= share")
    s.add(f"sleep {s.random.randint(1, 9)}m")
    s.end()
    s.depth -= 1
    s.begin("} else")
    s.add(f"do release_{low}(it.id)")
    s.end()


def compute(s, noun, low, tag):
    s.add(f"let half{tag} = (it.cents * 3 + sum) / 2 - {s.random.randint(1, 999)}")
    s.add(f"let text{tag} = \"{{it.id}}-{{half{tag}}}\"")
    s.begin("if let fast = it.express")
    s.add(f"sum += len(text{tag}) + half{tag} % 10")
    s.begin("if fast")
    s.add("sum += 1")
    s.end()
    s.end()


USUAL = (steps, steps, chain, chain, select, parallel, crowd, attempt, loop, within, compute)
COMMENTS = ("// What comes now has been the same for years.", "// See the agreement.", "", "")


def workflow(s, noun, low, name, size, first=()):
    """Statements until there are so many lines; `first` are among them."""
    s.add(f"/// Handles {low}.")
    s.begin(f"workflow {name}(it: {noun}, share: int) -> int fails {low}_refused, {low}_gone")
    s.add("var sum = 0")
    begin, tag = len(s.lines), 0
    while len(s.lines) - begin < size or first:
        s.add(s.random.choice(COMMENTS))
        statement, first = (first[0], first[1:]) if first else (s.random.choice(USUAL), ())
        statement(s, noun, low, tag)
        tag += 1
    s.add("return sum")
    s.end()
    s.add("")


# ---- kinds of files ----


def mix(s, count):
    n = 0
    while len(s.lines) < count:
        noun, low = declare(s, n)
        workflow(s, noun, low, f"begin_{low}", s.random.randint(15, 50), (select, within, steps))
        workflow(s, noun, low, f"finish_{low}", s.random.randint(15, 50), (attempt, parallel))
        n += 1


def huge(s, count):
    noun, low = declare(s, 0)
    workflow(s, noun, low, "everything", count - len(s.lines), (select, within, parallel))


def names(s, count):
    for i in range(count // 8):
        stem = s.random.choice(("Ab", "aB", "AB", "ab", "A_b", "a_b"))
        s.add(f"record {stem}{'_' * (i % 3)}{i // 3} {{ int: int, int_: int }}")
    s.add("activity act(n: int) -> int")
    s.begin("workflow same(n: int) -> int")
    s.add("var sum = n")
    while len(s.lines) < count - 4:
        s.begin("if sum > 0")
        s.add("let x = do act(sum)")
        s.add("let y = do act(x)")
        s.add("let x_2 = x + y")
        s.add("let z = do act(x_2 + y)")
        s.add("sum += x + z")
        s.end()
    s.add("return sum")
    s.end()


def wide(s, count):
    n = count // 8
    s.begin("record Wide")
    for i in range(n):
        s.add(f"field_{i}: int")
    s.end()
    s.begin("enum Member")
    for i in range(n):
        s.add(f"member_{i},")
    s.end()
    for i in range(n):
        s.add(f"error wrong_{i}")
    s.add("activity act(n: int) -> int fails " + ", ".join(f"wrong_{i}" for i in range(n)))
    s.add("activity take(")
    for i in range(n):
        s.add(f"    p{i}: int,")
    s.add(")")
    s.add("workflow broad(")
    for i in range(n):
        s.add(f"    p{i}: int,")
    s.begin(") -> int")
    for i in range(n):
        s.add(f"var v{i} = p{i}")
    s.add("do take(" + ", ".join(f"v{i}" for i in range(n)) + ")")
    s.begin("try")
    s.add("v0 += do act(1)")
    s.depth -= 1
    for i in range(n):
        s.add(f"}} catch wrong_{i} {{ v{i} += 1")
    s.add("}")
    s.add("return " + " + ".join(f"v{i}" for i in range(min(n, 900))))
    s.end()


KINDS = {"mix": mix, "huge": huge, "names": names, "wide": wide}


def main():
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in KINDS or not sys.argv[2].isdigit():
        sys.exit(__doc__.strip())
    source = Source(int(sys.argv[3]) if len(sys.argv) == 4 else 1)
    KINDS[sys.argv[1]](source, int(sys.argv[2]))
    sys.stdout.write("\n".join(source.lines) + "\n")


if __name__ == "__main__":
    main()
