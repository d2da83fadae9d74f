#!/usr/bin/env python3
"""Writes a .dtf file with so many lines: source.py LINES > FILE

A shop's code again and again: records, enums, errors, activities with policies,
and workflows with steps, loops, select and parallel.  A source has at most 1 MiB,
so a hundred thousand lines are several files.
"""

import sys

HEAD = """/// Generated to measure the compiler.
package shop
"""

BLOCK = """
record Item{n} {{
    sku: string
    qty: int
}}
record Order{n} {{
    id: string
    items: [Item{n}]
    cents: int
    note: string?
}}
enum Mood{n} {{ calm, busy }}
error gone{n}(sku: string)
event word{n}: Mood{n}

activity take{n}(order: Order{n}) -> int fails gone{n} {{
    timeout 30s
    retry 5 backoff 200ms..30s
}}
activity put{n}(id: string) {{
    retry forever
}}
activity mark{n}(sku: string, qty: int) -> string

workflow sell{n}(order: Order{n}) -> string fails gone{n} {{
    do take{n}(order) undo put{n}(order.id)
    var total = 0
    var marks: [string] = []
    for item in order.items {{
        let qty = item.qty * 2 + {n}
        if qty > 10 and item.sku != "" {{
            let m = do mark{n}(item.sku, qty)
            marks += [m]
            total += qty
        }} else {{
            total += 1
        }}
    }}
    select {{
        on word{n} as w {{
            match w {{
                Mood{n}.calm => total += 1
                Mood{n}.busy => total -= 1
            }}
        }}
        after 3d {{
            log warn "nobody about {{order.id}}"
        }}
    }}
    // Both at once.
    parallel {{
        do put{n}("a")
        do put{n}(order.id)
    }}
    try {{
        let t = do take{n}(order)
        total += t
    }} catch gone{n} as e {{
        status "gone {{e.sku}}"
    }}
    while total > 1000 {{
        total -= 100
    }}
    return "{{order.id}}: {{total}}"
}}
"""


def main():
    lines = int(sys.argv[1])
    out = [HEAD]
    have = HEAD.count("\n")
    number = 0
    while have < lines:
        block = BLOCK.format(n=number)
        out.append(block)
        have += block.count("\n")
        number += 1
    sys.stdout.write("".join(out))


main()
