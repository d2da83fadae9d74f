#!/usr/bin/env python3
"""Measures everything and puts the figures into docs/PERFORMANCE.md.

usage: run.py BUILD [--quick] [--dir DIR] [--rounds N] [--print]

BUILD is a release build (meson setup BUILD --buildtype=release -Db_lto=true).  Stores are
made inside DIR, which should be on the disk that is meant, and removed.  --quick takes
a minute or two and its figures are only good for comparing; --print leaves the
document alone.  The figures of a workload are those of its middle round.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCUMENT = os.path.join(ROOT, "docs", "PERFORMANCE.md")
BEGIN, END = "<!-- figures: written by tests/bench/run.py -->", "<!-- end of figures -->"

# What, in flight, instances; and those of --quick.
WORKLOADS = [
    ("hello", 1, 1000, 300),
    ("hello", 1000, 100000, 10000),
    ("chain5", 1, 300, 100),
    ("chain5", 1000, 60000, 4000),
    ("chain5", 2000, 60000, 4000),
    ("chain100", 100, 500, 100),
    ("chain1000", 1, 2, 1),
    ("fan50", 20, 2000, 100),
    ("wait", 1000, 50000, 5000),
]
# What, its count; and that of --quick.
OTHERS = [
    ("replay", 100000, 10000),
    ("restart", 1000000, 20000),
    ("memory", 200000, 20000),
    ("length", 2000, 1100),
    ("life", 1000000, 10000),
]
SOURCE_LINES, SOURCE_FILES = 100000, 1


def bench(options, what, *more):
    command = [os.path.join(options.build, "tests/bench/dtf-bench"), what, "--dir", options.dir]
    command += [str(word) for word in more]
    print(" ".join(command[1:]), file=sys.stderr)
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def workload(options, name, in_flight, count):
    rounds = [bench(options, name, "-c", in_flight, "-n", count) for _ in range(options.rounds)]
    # A disk's mood changes, and its limit with it: ratios are what can be compared.
    ratio = "p50_to_commit" if in_flight == 1 else "ratio_to_limit"
    rounds.sort(key=lambda figures: figures[ratio])
    return rounds[len(rounds) // 2]


def compiler(options):
    """Lines a second of dtfc, the best of its rounds: it is always the same work."""
    dtfc = os.path.join(options.build, "dtfc/dtfc")
    source = os.path.join(ROOT, "tests/bench/source.py")
    with tempfile.TemporaryDirectory(dir=options.dir) as where:
        names = []
        for number in range(SOURCE_FILES):
            names.append(os.path.join(where, f"source{number}.dtf"))
            with open(names[-1], "w", encoding="utf-8") as out:
                subprocess.run([sys.executable, source, str(SOURCE_LINES // 5 if options.quick else SOURCE_LINES)],
                               stdout=out, check=True)
        lines = sum(sum(1 for _ in open(name, encoding="utf-8")) for name in names)
        best = float("inf")
        for _ in range(4 * options.rounds):
            began = time.monotonic()
            for name in names:
                subprocess.run([dtfc, name, "-o", where], check=True)
            best = min(best, time.monotonic() - began)
    return {"lines": lines, "lines_per_s": lines / best}


# ---- the machine ----


def fdatasync_ms(where):
    """The middle of syncing what was appended, 200 bytes each time."""
    took = []
    with tempfile.NamedTemporaryFile(dir=where) as out:
        for _ in range(500):
            os.write(out.fileno(), b"x" * 200)
            began = time.monotonic()
            os.fdatasync(out.fileno())
            took.append((time.monotonic() - began) * 1e3)
    return statistics.median(took)


def cpu():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        found = re.search(r"model name\s*: (.*)", info.read())
    return found.group(1) if found else platform.machine()


def machine(options):
    kind = subprocess.run(
        ["df", "--output=fstype", options.dir], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.split()[1]
    lmdb = subprocess.run(
        ["pkg-config", "--modversion", "lmdb"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({cpu()}), {memory:.0f} GiB, Linux {platform.release().split('-')[0]}, "
        f"{kind}, LMDB {lmdb}, fdatasync p50 {fdatasync_ms(options.dir):.2f} ms."
    )


# ---- the tables ----


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def workload_rows(results):
    for figures in results:
        yield [
            f"{figures['workload']}, {figures['in_flight']:,} in flight",
            number(figures["workflows_per_s"]),
            number(figures["steps_per_s"]),
            f"{figures['p50_ms']:.2f} / {figures['p99_ms']:.2f}",
            number(figures["cpu_us_per_step"]),
            number(figures["mean_batch"]),
            number(figures["flushes_per_workflow"]),
            number(figures["written_per_workflow"]),
            number(figures["bytes_per_step"]),
            f"{figures['peak_rss_bytes'] / 2**20:.0f}",
            number(figures["limit_puts_per_s"]),
            f"{figures['limit_commit_ms']:.2f}",
        ]


def find(results, name, in_flight):
    return next(f for f in results if f["workload"] == name and f["in_flight"] == in_flight)


def goal_rows(results, others):
    hello1, hello = find(results, "hello", 1), find(results, "hello", 1000)
    chain5, restart = find(results, "chain5", 2000), others["restart"]
    length, replay = others["length"], others["replay"]
    yield ["chain5, 2,000 in flight: steps/s to appended puts/s of the same run",
           f"{chain5['ratio_to_limit']:.3f} ({number(chain5['steps_per_s'])} of "
           f"{number(chain5['limit_puts_per_s'])})", "≥ 0.25"]
    yield ["hello, one in flight: p50 to a commit of one put",
           f"{hello1['p50_to_commit']:.2f}", "≤ 3"]
    yield ["chain: step 1,000 to step 10, elapsed / CPU",
           f"{length['us_at_1000'] / length['us_at_10']:.2f} / "
           f"{length['cpu_us_at_1000'] / length['cpu_us_at_10']:.2f}", "≤ 1.2"]
    yield ["events/s replayed, histories of 10 / 100 / 1,000 steps",
           " / ".join(number(replay[f"events_per_s_{n}"]) for n in (10, 100, 1000)),
           "≥ 1,000,000"]
    yield [f"{restart['sleeping']:,} sleeping and {restart['busy']:,} busy: ms until served",
           number(restart["served_ms"]), "≤ 1,000"]
    yield ["the same: busy ones that go on, a second", number(restart["busy_per_s"]), "≥ 20,000"]
    yield ["the same: MiB of heap, at first / when the busy ones have ended",
           f"{restart['heap_bytes'] / 2**20:.1f} / {restart['heap_bytes_after'] / 2**20:.1f}",
           "≤ 64"]
    yield ["bytes on disk a step: hello / chain5",
           f"{hello['bytes_per_step']} / {chain5['bytes_per_step']}", "≤ 500"]
    yield ["device flushes a hello, 1,000 in flight",
           number(hello["flushes_per_workflow"]), "≤ 0.02"]
    yield ["dtfc, lines/s", number(others["dtfc"]["lines_per_s"]), "≥ 300,000"]


def other_rows(others):
    memory, length, life = others["memory"], others["length"], others["life"]
    one = others["one"]
    yield ["chain5, 2,000 in flight, on one partition: steps/s / to appended puts",
           f"{number(one['steps_per_s'])} / {one['ratio_to_limit']:.3f}"]
    yield ["heap of one more instance that sleeps, bytes", number(memory["sleeping_bytes"])]
    yield ["heap of one more that waits for a worker, bytes", number(memory["hot_bytes"])]
    for key in length:
        if key.startswith("us_at_"):
            step = key.rsplit("_", 1)[1]
            yield [f"a step of a chain, at step {int(step):,}: µs elapsed / CPU",
                   f"{length[key]:.0f} / {length['cpu_' + key]:.0f}"]
    for key in life:
        if key.startswith("back_ms_at_"):
            count = key.rsplit("_", 1)[1]
            rate = life[f"events_per_s_to_{count}"]
            yield [f"one instance, {int(count):,} events: events/s / ms to come back",
                   f"{number(rate)} / {life[key]:.0f}"]


def report(options, results, others):
    lines = [machine(options), ""]
    lines += table(["target", "figure", "wanted"], goal_rows(results, others))
    lines += table(
        ["workload", "workflows/s", "steps/s", "p50 / p99 ms", "CPU µs a step", "records a commit",
         "flushes a workflow", "bytes written a workflow", "bytes kept a step", "peak MiB",
         "limit: puts/s", "limit: commit ms"],
        workload_rows(results))
    lines += table(["besides", "figure"], other_rows(others))
    return "\n".join(lines)


def replace_figures(text):
    with open(DOCUMENT, encoding="utf-8") as file:
        before, rest = file.read().split(BEGIN)
    after = rest.split(END)[1]
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n\n{text}\n{END}{after}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--print", action="store_true", dest="only_print")
    parser.add_argument("--dir", default=".")
    parser.add_argument("--rounds", type=int)
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 3)
    results = [workload(options, name, in_flight, quick if options.quick else full)
               for name, in_flight, full, quick in WORKLOADS]
    others = {name: bench(options, name, "-n", quick if options.quick else full)
              for name, full, quick in OTHERS}
    lengths = [others["length"]] + [bench(options, "length", "-n", 1100 if options.quick else 2000)
                                    for _ in range(options.rounds - 1)]
    lengths.sort(key=lambda figures: figures["us_at_1000"] / figures["us_at_10"])
    others["length"] = lengths[len(lengths) // 2]
    others["one"] = bench(options, "chain5", "-c", 2000, "-n", 4000 if options.quick else 60000,
                          "--partitions", 1)
    others["dtfc"] = compiler(options)
    text = report(options, results, others)
    if options.only_print:
        print(text)
    else:
        replace_figures(text)


main()
