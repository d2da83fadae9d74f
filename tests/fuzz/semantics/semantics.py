#!/usr/bin/env python3
"""Random workflows, run by the engine and by an interpreter: do they agree?

usage: semantics.py DTFC SCENARIOS INCLUDE DIRECTORY [FILES [SEED [WORKFLOWS]]]

Each file holds some workflows, is compiled by dtfc and the system's C compiler, and its
scenarios expect what the interpreter found: the result or the error, the calls of activities
in their order, the last status, the log and the time that passed.  A file that fails stays in
DIRECTORY: `FILE.dtf` with `FILE.json`.
"""
import json
import os
import random
import subprocess
import sys

sys.dont_write_bytecode = True  # checking writes nothing into the tree

import values as v
from expressions import Discard, ENUMS, RECORDS, STRINGS
from statements import ECHOED, ERRORS, EVENTS, Statements
from world import SECOND, Blocked, Frame, Variables, World

START = 1700000000000
CASES = 2
LIMIT = 120  # seconds: only what hangs takes so long


def prelude(package):
    lines = [f"package {package}", ""]
    for name, fields in RECORDS.items():
        lines.append(f"record {name} {{ " + ", ".join(f"{n}: {k}" for n, k in fields) + " }")
    for name, members in ENUMS.items():
        lines.append(f"enum {name} {{ {', '.join(members)} }}")
    for name, fields in ERRORS.items():
        lines.append(f"error {name}(" + ", ".join(f"{n}: {k}" for n, k in fields) + ")"
                     if fields else f"error {name}")
    for name, kind in EVENTS.items():
        lines.append(f"event {name}: {kind}")
    for kind in ECHOED:
        lines.append(f"activity {echo(kind)}(value: {kind}) -> {kind}")
    lines += ["activity note(text: string)", "activity put_back(text: string)",
              "activity risky(n: int) -> int fails oops, denied { retry none }", ""]
    return lines


def echo(kind):
    return "echo_" + "".join(c if c.isalnum() else "_" for c in kind)


def inputs(rng):
    point = {"x": rng.randint(-3, 3), "register": 4, "label": rng.choice([None, "l"])}
    return [rng.choice([0, 1, -1, 5, v.INT_MAX, v.INT_MIN]), rng.choice(STRINGS),
            rng.choice([None, 0, 3]), rng.choice([[], [1], [3, 1, 2], [v.INT_MAX, 1]]), point,
            rng.choice([0.0, 1.5, -2.5, 1e308]), rng.random() < 0.5,
            rng.choice(ENUMS["Colour"]), rng.choice([0, 1500, -1, 10**15]),
            rng.choice([None, "", "text"])]


def outcome(rng):
    roll = rng.random()
    if roll < 0.6:
        return {"return": rng.randint(-2, 9)}
    if roll < 0.75:
        return {"error": "oops", "data": {"n": rng.randint(0, 3), "text": "é"}}
    return {"error": rng.choice(["denied", "gateway down"])}


def arrivals(rng):
    """No two at once, none at the time of a timer."""
    found = []
    for n in range(rng.choice([0, 1, 2, 4])):
        name = rng.choice(list(EVENTS))
        value = rng.randint(0, 9) if name == "ping" else rng.choice(STRINGS)
        found.append((START + rng.randint(0, 6) * SECOND + 17 * n + 7, name, value))
    return found


def scenario(rng, package, name, run):
    outcomes = [outcome(rng) for _ in range(rng.choice([1, 2, 4]))]
    given, events = inputs(rng), arrivals(rng)
    world = World(outcomes, events, EVENTS, START)
    frame = Frame(world, Variables())
    expect = {}
    try:
        expect = {"status": "completed", "output": v.json_value(run(frame, given))}
    except v.Fault as fault:
        error = {"name": fault.name}
        if fault.data:
            error["data"] = v.json_value(fault.data)
        expect = {"status": "failed", "error": error}
    except Blocked:
        expect = {"status": "running"}
    except Discard:
        return None
    expect["calls"] = world.calls
    if expect["status"] != "running":
        expect["elapsed"] = f"{world.now - world.started}ms"
    if world.logged:
        expect["log"] = [line for line in world.logged if line]
    if world.status is not None:
        expect["custom_status"] = world.status[0]
    activities = {echo(kind): {"echo": True} for kind in ECHOED}
    activities.update({"note": None, "put_back": None, "risky": outcomes})
    return {"name": name, "workflow": f"{package}.{name}", "input": v.json_value(given),
            "activities": activities, "expect": expect,
            "at": [{"time": f"{at - START}ms", "raise": event, "value": value}
                   for at, event, value in events]}


def write(directory, seed, count):
    rng = random.Random(seed)
    package = f"w{seed}"
    lines, scenarios, tries = prelude(package), [], 0
    while count > 0 and tries < 1000:
        tries += 1
        name = f"w{tries}"
        text, run = Statements(rng).workflow(name)
        found = [scenario(rng, package, name, run) for _ in range(CASES)]
        if None in found or sum(map(len, text)) > 20000:
            continue
        lines += text
        scenarios += found
        count -= 1
    base = os.path.join(directory, package)
    with open(base + ".dtf", "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    with open(base + ".json", "w", encoding="utf-8") as file:
        json.dump(scenarios, file, indent=1, ensure_ascii=False)
    return package, base


def attempt(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return -1, "", f"it did not end within {LIMIT} s"
    return done.returncode, done.stdout, done.stderr


def try_file(dtfc, scenarios, include, package, base):
    """What is wrong with it; None: nothing."""
    code, _, errors = attempt([dtfc, base + ".dtf", "--c", base + ".dtf.c",
                               "--header", base + ".dtf.h"])
    if code != 0:
        lines = errors.split("\n")
        return "dtfc refuses it:\n" + "\n".join(
            "\n".join(lines[n:n + 6]) for n, line in enumerate(lines) if "error" in line)[:3000]
    compiler = os.environ.get("CC", "cc").split()
    code, _, errors = attempt([*compiler, "-std=c11", "-O0", "-Wall", "-Wextra", "-Werror",
                               "-shared", "-fPIC", "-Wl,-z,lazy",
                               "-I", include, base + ".dtf.c", "-o", base + ".so"])
    if code != 0:
        return "the C does not compile:\n" + errors[:3000]
    code, output, errors = attempt([scenarios, base + ".so", package + "_module", base + ".json"])
    if code != 0 or "not ok" in output or "Bail out" in output or not output:
        shown = [line for line in output.split("\n") if not line.startswith("ok")]
        return "it does something else:\n" + "\n".join(shown)[:4000] + errors[:3000]
    for suffix in (".dtf", ".json", ".dtf.c", ".dtf.h", ".so"):
        os.remove(base + suffix)
    return None


def main():
    dtfc, scenarios, include, directory = sys.argv[1:5]
    files, seed, count = (int(a) for a in sys.argv[5:] + ["2", "1", "12"][len(sys.argv) - 5:])
    os.makedirs(directory, exist_ok=True)
    sys.setrecursionlimit(10000)
    print(f"1..{files}")
    for n in range(files):
        package, base = write(directory, seed + n, count)
        wrong = try_file(dtfc, scenarios, include, package, base)
        verdict = "ok" if wrong is None else "not ok"
        print(f"{verdict} {n + 1} - {count} workflows of seed {seed + n}", flush=True)
        if wrong is not None:
            print("\n".join("# " + line for line in wrong.split("\n")), flush=True)


main()
