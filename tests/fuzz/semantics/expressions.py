"""Random well-typed expressions, each with its text and what it means.

An expression is made once and knows both: how it is written in a .dtf file, and a function
that gives its value in a frame of the interpreter.  Precedence is exercised by writing
parentheses only where the tree needs them, and now and then where it does not.
"""
import random

import values as v

RECORDS = {
    "Point": [("x", "int"), ("register", "int"), ("label", "string?")],
    "Box": [("corner", "Point"), ("xs", "[int]"), ("colour", "Colour"), ("weight", "float"),
            ("inner", "[Point]"), ("best", "Point?")],
}
ENUMS = {"Colour": ["red", "green", "register"], "Mood": ["int", "none"]}
BASIC = ["bool", "int", "float", "string", "duration", "time", "Colour"]
KINDS = BASIC + ["Point", "Box", "Mood", "[int]", "[string]", "[float]", "[Point]", "[[int]]",
                 "[int?]", "int?", "string?", "Point?", "Colour?", "[int]?", "[duration]"]
ORDERED = ["int", "float", "string", "duration", "time"]
SHOWN = ["string", "bool", "int", "float", "duration", "time", "Colour", "Mood"]

LITERAL = ["bool", "int", "float", "string", "duration"]

OR, AND, NOT, COMPARE, COALESCE, SUM, PRODUCT, SIGN, POSTFIX, ATOM = range(10)

INTS = [0, 1, 2, 3, 5, 7, 10, 100, -1, -2, -7, 2**31 - 1, -(2**31), 2**31, 2**53, 2**62,
        v.INT_MAX, v.INT_MIN, v.INT_MIN + 1]
FLOATS = [0.0, 1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 1e16, 1e-7, 3.25, 1e300, 123456.789, 9.5e15]
STRINGS = ["", "a", "ab", "A b", "é", "日本", "\U0001F600", "x,y", "{}", "q\"\\", "\t\n", "7",
           "-12", "1.5", "aXbXc", " pad ", "??/", "*/", "//"]
DURATIONS = [0, 1, 250, 1000, 90000, 3600000, 86400000, 694861001]


class Discard(Exception):
    """The program would run or grow too long to be of use."""


class Expr:
    def __init__(self, kind, prec, text, value, faults=(), const=False, exact=True):
        self.kind, self.prec, self.text, self.value = kind, prec, text, value
        self.faults, self.const, self.exact = frozenset(faults), const, exact
        self.literal = const and kind in LITERAL and prec in (ATOM, SIGN)
        self.narrows = {True: [], False: []}  # what is known not to be none where it is so

    def known(self):
        """Computed by the compiler: nothing is left that can fault."""
        self.literal, self.faults = True, frozenset()
        return self


class Var:
    def __init__(self, name, kind, mutable=False, key=None, counter=False):
        self.name, self.kind, self.mutable, self.counter = name, kind, mutable, counter
        self.key = self if key is None else key


def quoted(text, rng):
    out = ""
    for c in text:
        if c in "\"\\{":
            out += "\\" + c
        elif c == "}":
            out += rng.choice(["\\}", "}"])
        elif c in "\n\t":
            out += {"\n": "\\n", "\t": "\\t"}[c]
        elif ord(c) > 127 and rng.random() < 0.3:
            out += "\\u{%X}" % ord(c)
        else:
            out += c
    return out


def grown(value):
    if len(value) > 2000:
        raise Discard()
    return value


class Expressions:
    """Needs self.rng and self.scope, a list of the variables in sight, innermost last."""

    rng: random.Random
    scope: list

    def wrap(self, e, least):
        if e.prec < least or self.rng.random() < 0.04:
            return "(" + e.text + ")"
        return e.text

    def lift(self, kind, prec, text, function, *operands, faults=()):
        """An operation on operands that are all evaluated, from the left."""
        faults = set(faults).union(*[o.faults for o in operands])
        e = Expr(kind, prec, text, lambda f: function(*[o.value(f) for o in operands]),
                 faults, all(o.const for o in operands))
        folds = prec < POSTFIX and kind in LITERAL and all(o.literal for o in operands)
        return e.known() if folds else e

    def call(self, kind, name, function, *args, faults=()):
        text = name + "(" + ", ".join(a.text for a in args) + ")"
        return self.lift(kind, POSTFIX, text, function, *args, faults=faults)

    def binary(self, kind, prec, op, function, a, b, faults=()):
        first, second = (prec + 1, prec + 1) if prec == COMPARE else (prec, prec + 1)
        return self.lift(kind, prec, f"{self.wrap(a, first)} {op} {self.wrap(b, second)}",
                         function, a, b, faults=faults)

    def expr(self, kind, depth=None, exact=False):
        depth = self.rng.choice([0, 1, 1, 2, 2, 3]) if depth is None else depth
        for _ in range(20):
            e = self.attempt(kind, depth)
            if exact and not e.exact:
                continue
            if e.const:
                try:
                    e.value(None)
                except v.Fault:
                    continue  # an error when it is compiled
            return e
        return self.literal(kind, exact=True)

    def attempt(self, kind, depth):
        roll = self.rng.random()
        if depth <= 0 or roll < 0.25:
            found = self.variables(kind)
            if found and self.rng.random() < 0.75:
                return self.rng.choice(found)
            return self.literal(kind)
        if roll < 0.35:
            found = self.parts(kind, depth - 1)
            if found:
                return self.rng.choice(found)
        if roll < 0.42 and not kind.endswith("?") and kind + "?" in KINDS:
            return self.coalesce(kind, depth - 1)
        return self.made(kind, depth - 1)

    # ---- leaves ----

    def in_sight(self):
        seen = {}
        for var in self.scope:
            if "." not in var.name:  # a caught error that it hides has fields
                seen = {n: x for n, x in seen.items() if not n.startswith(var.name + ".")}
            seen[var.name] = var
        return [var for var in seen.values() if var.kind is not None]

    def read(self, var):
        return Expr(var.kind, ATOM, var.name, lambda f, key=var.key: f.vars[key])

    def variables(self, kind):
        return [self.read(var) for var in self.in_sight() if var.kind == kind]

    def parts(self, kind, depth):
        found = []
        for var in self.in_sight():
            if var.kind in RECORDS:
                for name, of in RECORDS[var.kind]:
                    if of == kind:
                        found.append(self.field(self.read(var), name, kind))
            elif var.kind == "[" + kind + "]":
                found.append(self.index(self.read(var), kind, depth))
        return found

    def field(self, base, name, kind):
        return self.lift(kind, POSTFIX, self.wrap(base, POSTFIX) + "." + name,
                         lambda r: r[name], base)

    def index(self, base, kind, depth):
        at = self.expr("int", depth) if self.rng.random() < 0.2 else self.literal_int(
            self.rng.choice([0, 0, 0, 1]))
        return self.lift(kind, POSTFIX, f"{self.wrap(base, POSTFIX)}[{at.text}]", v.element,
                         base, at, faults=["out_of_range"])

    def literal_int(self, n):
        text = str(abs(n))
        style = self.rng.random()
        if style < 0.1:
            text = hex(abs(n)) if abs(n) <= v.INT_MAX else text
        elif style < 0.2:
            text = f"{abs(n):_}"
        return Expr("int", SIGN if n < 0 else ATOM, ("-" if n < 0 else "") + text,
                    lambda f: n, const=True)

    def literal(self, kind, depth=0, exact=False):
        rng = self.rng

        def leaf(text, value, prec=ATOM, kind=kind):
            return Expr(kind, prec, text, lambda f: value, const=True)

        if kind == "bool":
            value = rng.random() < 0.5
            return leaf("true" if value else "false", value)
        if kind == "int":
            return self.literal_int(rng.choice(INTS) if rng.random() < 0.5 else rng.randint(-9, 9))
        if kind == "float":
            x = rng.choice(FLOATS)
            return leaf(v.float_text(x).replace("e+", rng.choice(["e", "e+"])), x,
                        SIGN if x < 0 else ATOM)
        if kind == "string":
            text = rng.choice(STRINGS)
            return leaf('"' + quoted(text, rng) + '"', text)
        if kind == "duration":
            ms = rng.choice(DURATIONS)
            return leaf(v.duration_text(ms), ms)
        if kind == "time":
            return self.call("time", "parse_time", lambda t: 951782400000 + 1,
                             leaf('"2000-02-29T00:00:00.001Z"', "", kind="string"),
                             faults=["bad_value"])
        if kind in ENUMS:
            member = rng.choice(ENUMS[kind])
            return leaf(kind + "." + member, member, POSTFIX)
        if kind in RECORDS:
            return self.record(kind, depth)
        if kind.endswith("?"):
            if exact:
                name = {"int?": "maybe", "string?": "maybe_text"}.get(kind)
                return self.optional_field(kind) if name is None else self.found(kind)
            if rng.random() < 0.4:
                return Expr(kind, ATOM, "none", lambda f: None, const=True, exact=False)
            e = self.expr(kind[:-1], depth)
            return Expr(kind, e.prec, e.text, e.value, e.faults, e.const, exact=False)
        of, count = kind[1:-1], rng.choice([0, 1, 2, 3])
        items = [self.expr(of, depth, exact=exact) for _ in range(max(count, exact))]
        e = self.lift(kind, ATOM, "[" + ", ".join(i.text for i in items) + "]",
                      lambda *given: list(given), *items)
        e.exact = bool(items) and all(i.exact for i in items)
        return e

    def found(self, kind):
        """An optional whose type is known, without a variable."""
        if kind == "int?":
            return self.call(kind, "find", v.find, self.literal("string"), self.literal("string"))
        return self.field(self.record("Point", 0), "label", kind)

    def optional_field(self, kind):
        if kind == "Point?":
            return self.field(self.record("Box", 0), "best", kind)
        e = self.expr(kind[:-1], 0, exact=True)
        items = self.lift(kind, ATOM, f"[{e.text}, none]", lambda x: [x, None], e)
        return self.lift(kind, POSTFIX, items.text + "[0]", lambda xs: xs[0], items,
                         faults=["out_of_range"])

    def record(self, kind, depth):
        fields, names, texts = [], [], []
        for name, of in RECORDS[kind]:
            if of.endswith("?") and self.rng.random() < 0.3:
                continue
            names.append(name)
            fields.append(self.expr(of, depth))
        for name, e in zip(names, fields):
            texts.append(f"{name}: {e.text}")
        blank = {name: None for name, _ in RECORDS[kind]}
        return self.lift(kind, ATOM, kind + " { " + ", ".join(texts) + " }",
                         lambda *given: {**blank, **dict(zip(names, given))}, *fields)

    # ---- operators ----

    def coalesce(self, kind, depth):
        a, b = self.expr(kind + "?", depth, exact=True), self.expr(kind, depth)

        def value(f):
            found = a.value(f)
            return b.value(f) if found is None else found

        text = f"{self.wrap(a, COALESCE + 1)} ?? {self.wrap(b, COALESCE)}"
        return Expr(kind, COALESCE, text, value, a.faults | b.faults, a.const and b.const,
                    exact=b.exact)

    def narrowed(self, e, truth):
        """The scope where a condition is known."""
        return self.scope + [Var(x.name, x.kind[:-1], key=x.key) for x in e.narrows[truth]]

    def is_some(self, depth):
        found = [x for x in self.in_sight() if x.kind.endswith("?") and not x.mutable]
        if not found:
            return self.expr("bool", depth)
        var, is_some = self.rng.choice(found), self.rng.random() < 0.6
        sides = [var.name, "none"] if self.rng.random() < 0.8 else ["none", var.name]
        e = self.lift("bool", COMPARE, (" != " if is_some else " == ").join(sides),
                      lambda x: (x is not None) == is_some, self.read(var))
        if "." not in var.name:
            e.narrows[is_some].append(var)
        return e

    def logic(self, depth):
        is_and = self.rng.random() < 0.5
        a = self.is_some(depth) if self.rng.random() < 0.5 else self.expr("bool", depth)
        scope, self.scope = self.scope, self.narrowed(a, is_and)
        b = self.expr("bool", depth)
        self.scope = scope
        prec, word = (AND, "and") if is_and else (OR, "or")
        e = Expr("bool", prec, f"{self.wrap(a, prec)} {word} {self.wrap(b, prec + 1)}",
                 lambda f: a.value(f) and b.value(f) if is_and else a.value(f) or b.value(f),
                 a.faults | b.faults, a.const and b.const)
        e.narrows[is_and] = a.narrows[is_and] + b.narrows[is_and]
        return e.known() if a.literal and b.literal else e

    # ---- operators and functions ----

    def equality(self, depth):
        a = self.expr(self.rng.choice(KINDS), depth, exact=True)
        b = self.expr(a.kind, depth)
        if b.text == "none":
            return self.is_some(depth)
        if self.rng.random() < 0.3:
            return self.binary("bool", COMPARE, "!=", lambda x, y: x != y, a, b)
        if b.exact and not a.kind.endswith("?") and self.rng.random() < 0.2:
            return self.lift("bool", COMPARE, f"hash({a.text}) == hash({b.text})",
                             lambda x, y: x == y, a, b, faults=["overflow", "bad_value"])
        return self.binary("bool", COMPARE, "==", lambda x, y: x == y, a, b)

    def negation(self, depth):
        a = self.is_some(depth) if self.rng.random() < 0.5 else self.expr("bool", depth)
        e = self.lift("bool", NOT, "not " + self.wrap(a, NOT), lambda x: not x, a)
        e.narrows = {True: a.narrows[False], False: a.narrows[True]}
        return e

    def negative(self, kind, depth):
        e = self.expr(kind, depth)
        if kind == "float":
            return self.lift(kind, SIGN, "-" + self.wrap(e, SIGN), lambda x: -x, e)
        return self.lift(kind, SIGN, "-" + self.wrap(e, SIGN), lambda x: v.check_int(-x), e,
                         faults=["overflow"])

    def interpolation(self, depth):
        pieces, text = [], '"'
        for _ in range(self.rng.choice([1, 1, 2, 3])):
            plain = self.rng.choice(STRINGS)
            e = self.expr(self.rng.choice(SHOWN), depth, exact=True)
            text += quoted(plain, self.rng) + "{" + e.text + "}"
            pieces.append((plain, e))

        def value(f):
            return grown("".join(p + v.as_text(e.kind, e.value(f)) for p, e in pieces))

        faults = set().union(*[e.faults for _, e in pieces])
        faults |= {"bad_value"} if any(e.kind == "time" for _, e in pieces) else set()
        made = Expr("string", ATOM, text + '"', value, faults, all(e.const for _, e in pieces))
        made.literal = all(e.literal and e.kind in ("string", "int", "bool") for _, e in pieces)
        return made

    def operation(self, depth, op, prec, kinds, kind, function, *faults):
        a, b = (self.expr(of, depth, exact=of.endswith("]") and n == 0)
                for n, of in enumerate(kinds.split()))
        if op in "/%":
            while b.const and b.value(None) == 0:
                b = self.literal(b.kind)
            if b.literal:  # what can go wrong is known
                overflows = op == "/" and (kind == "float" or b.value(None) == -1)
                faults = ["overflow"] if overflows else []
        return self.binary(kind, prec, op, function, a, b, faults)

    def function(self, depth, name, kinds, kind, function, *faults):
        """Of a list the type must be known; 0 and 1 are numbers that are often in range."""
        args = [self.literal_int(int(of)) if of.isdigit() else
                self.expr(of, depth, exact=of.endswith("]") or name == "string")
                for of in kinds.split()]
        return self.call(kind, name, function, *args, faults=faults)

    def made(self, kind, depth):
        """An operator or function that gives this kind."""
        ways = [lambda row=row: self.operation(depth, *row) for row in OPERATORS
                if row[3] == kind]
        ways += [lambda row=row: self.function(depth, *row) for row in FUNCTIONS
                 if row[2] == kind]
        if kind == "bool":
            ways += [lambda: self.logic(depth), lambda: self.negation(depth),
                     lambda: self.equality(depth)] * 4
        elif kind == "string":
            ways += [lambda: self.interpolation(depth)] * 4
        elif kind in ("int", "float", "duration"):
            ways += [lambda: self.negative(kind, depth)]
        elif kind == "time":
            ways += [lambda: Expr("time", POSTFIX, "now()", lambda f: f.world.now)] * 2
        return self.rng.choice(ways)() if ways else self.literal(kind, depth)


def rows():
    """What is the same for many kinds."""
    for kind in ORDERED:
        for op, function in (("<", lambda a, b: a < b), ("<=", lambda a, b: a <= b),
                             (">", lambda a, b: a > b), (">=", lambda a, b: a >= b)):
            OPERATORS.append((op, COMPARE, f"{kind} {kind}", "bool", function))
        if kind != "string":
            FUNCTIONS.append(("min", f"{kind} {kind}", kind, min))
            FUNCTIONS.append(("max", f"{kind} {kind}", kind, max))
        if f"[{kind}]" in KINDS:
            FUNCTIONS.append(("sort", f"[{kind}]", f"[{kind}]", sorted))
    for kind in ("int", "float"):
        OPERATORS.extend([
            ("+", SUM, f"{kind} {kind}", kind, v.add, "overflow"),
            ("-", SUM, f"{kind} {kind}", kind, v.subtract, "overflow"),
            ("*", PRODUCT, f"{kind} {kind}", kind, v.multiply, "overflow"),
            ("/", PRODUCT, f"{kind} {kind}", kind, v.divide, "overflow", "division_by_zero"),
            ("%", PRODUCT, f"{kind} {kind}", kind, v.remainder, "division_by_zero")])
    for kind in (k for k in KINDS if k.endswith("]")):
        OPERATORS.append(("+", SUM, f"{kind} {kind}", kind, joined, "payload_too_large"))
        FUNCTIONS.extend([
            ("reverse", kind, kind, lambda xs: xs[::-1]), ("unique", kind, kind, v.unique),
            ("slice", f"{kind} 0 1", kind, v.part, "out_of_range"), ("len", kind, "int", len),
            ("contains", f"{kind} {kind[1:-1]}", "bool", lambda a, b: b in a)])
    for kind in SHOWN:
        FUNCTIONS.append(("string", kind, "string", lambda x, kind=kind: v.as_text(kind, x),
                          *(["bad_value"] if kind == "time" else [])))


def joined(a, b):
    return grown(a + b)


OPERATORS = [  # (operator, precedence, operands, result, meaning, faults…)
    ("+", SUM, "string string", "string", joined, "payload_too_large"),
    ("+", SUM, "duration duration", "duration", v.add, "overflow"),
    ("-", SUM, "duration duration", "duration", v.subtract, "overflow"),
    ("-", SUM, "time time", "duration", v.subtract, "overflow"),
    ("*", PRODUCT, "duration int", "duration", v.multiply, "overflow"),
    ("*", PRODUCT, "int duration", "duration", v.multiply, "overflow"),
    ("+", SUM, "time duration", "time", v.add, "overflow"),
    ("-", SUM, "time duration", "time", v.subtract, "overflow"),
    ("+", SUM, "duration time", "time", v.add, "overflow"),
]
FUNCTIONS = [  # (name, arguments, result, meaning, faults…)
    ("len", "string", "int", len),
    ("floor", "float", "int", lambda x: v.check_int(v.math.floor(x)), "overflow"),
    ("ceil", "float", "int", lambda x: v.check_int(v.math.ceil(x)), "overflow"),
    ("round", "float", "int", v.round_away, "overflow"),
    ("int", "float", "int", v.to_int, "overflow", "bad_value"),
    ("int", "string", "int", v.to_int, "overflow", "bad_value"),
    ("sum", "[int]", "int", v.total, "overflow"),
    ("abs", "int", "int", lambda x: v.check_int(abs(x)), "overflow"),
    ("abs", "float", "float", abs),
    ("abs", "duration", "duration", lambda x: v.check_int(abs(x)), "overflow"),
    ("float", "int", "float", float),
    ("float", "string", "float", v.to_float, "bad_value"),
    ("sum", "[float]", "float", lambda xs: float(v.total(xs)), "overflow"),
    ("sum", "[duration]", "duration", v.total, "overflow"),
    ("lower", "string", "string", lambda s: v.ascii_case(s, 65, 32)),
    ("upper", "string", "string", lambda s: v.ascii_case(s, 97, -32)),
    ("trim", "string", "string", lambda s: s.strip(" \t\n\v\f\r")),
    ("slice", "string 0 1", "string", v.part, "out_of_range"),
    ("replace", "string string string", "string", lambda a, b, c: grown(v.replaced(a, b, c)),
     "bad_value", "payload_too_large"),
    ("join", "[string] string", "string", lambda xs, by: grown(by.join(xs)),
     "payload_too_large"),
    ("split", "string string", "[string]",
     lambda s, by: grown(list(s) if by == "" else s.split(by)), "payload_too_large"),
    ("contains", "string string", "bool", lambda a, b: b in a),
    ("starts_with", "string string", "bool", lambda a, b: a.startswith(b)),
    ("ends_with", "string string", "bool", lambda a, b: a.endswith(b)),
    ("find", "string string", "int?", v.find),
    ("find", "[Point] Point", "int?", v.find),
    ("range", "0 3", "[int]", lambda a, b: list(range(a, b)), "payload_too_large"),
    ("format_time", "time", "string", v.time_text, "bad_value"),
]
rows()
