"""Random workflows: statements, each with its lines of text and what it does to a frame.

Leaving a block by an error, `break`, `continue` or `return` is an exception here.  While a
statement is made, `scope` says what it may read and `raised[-1]` gathers what it can raise:
a `catch` of anything else would be refused.
"""
import re

import values as v
from expressions import ENUMS, KINDS, RECORDS, Discard, Expressions, Var
from world import SECOND, Field, Frame, Left

STEP = {"activity_failed", "timeout", "lost", "bad_payload", "history_full",
        "payload_too_large", "overflow", "bad_value"}
WAIT = {"history_full", "payload_too_large", "overflow", "bad_value"}
ERRORS = {"oops": [("n", "int"), ("text", "string")], "denied": [],
          "odd": [("point", "Point"), ("maybe", "int?"), ("switch", "[int]")]}
ECHOED = ["int", "string", "float", "Point", "[int]", "int?", "Colour", "Box", "bool",
          "duration", "time"]
EVENTS = {"ping": "int", "word": "string"}
NAMES = ["int_", "register", "f", "ctx", "step", "at", "items", "count", "value",
         "has", "frame", "for_1_at", "NULL", "errno", "main", "switch", "case", "struct", "i",
         "len", "now", "e", "t", "s", "INT64_MIN", "dtf_add", "default", "ret", "char", "p",
         "box", "xs", "l", "u", "n", "k", "result", "in_", "try_1_then", "caught", "data"]
class Stmt:
    def __init__(self, lines, run, ends=False):
        self.lines, self.run, self.ends = lines, run, ends


def indented(lines):
    return ["    " + line for line in lines]


class Statements(Expressions):
    def __init__(self, rng):
        self.rng, self.scope, self.raised = rng, [], [set()]
        self.in_loop = self.can_leave = self.can_undo = self.caught = None
        self.late = 0

    # ---- helpers ----

    def use(self, e):
        self.raised[-1] |= e.faults
        return e

    def value(self, kind, depth=None, exact=False):
        return self.use(self.expr(kind, depth, exact))

    def head(self, e):
        """Before a block a record literal needs parentheses."""
        return f"({e.text})" if re.search(r"\w \{", e.text) else e.text

    def fresh(self, declared):
        return self.rng.choice([n for n in NAMES if n not in declared])

    def with_state(self, **state):
        old = {name: getattr(self, name) for name in state}
        for name, value in state.items():
            setattr(self, name, value)
        return old

    def block(self, size, depth, declared=()):
        mark, names, done = len(self.scope), set(declared), []
        for _ in range(size):
            stmt = self.statement(depth, names)
            done.append(stmt)
            if stmt.ends:
                break
        del self.scope[mark:]

        def run(f):
            for stmt in done:
                stmt.run(f)

        lines = [line for stmt in done for line in stmt.lines]
        return Stmt(lines, run, bool(done) and done[-1].ends)

    def inner(self, depth, declared=(), **state):
        old = self.with_state(**state)
        block = self.block(self.rng.choice([1, 1, 2, 3]), depth - 1, declared)
        self.with_state(**old)
        return block

    # ---- steps ----

    def step(self, kind, result=None):
        """`do` something that gives this kind: (text, what it does).  `result` is the name
        that the step's own undo has for what it gives."""
        waited = [name for name, of in EVENTS.items() if of == kind]
        if waited and self.rng.random() < 0.1:
            self.raised[-1] |= WAIT | {"bad_payload"}
            return "wait " + waited[0], lambda f: f.world.take(waited[0])
        if kind == "int" and self.rng.random() < 0.5:
            e = self.value("int", 1)
            self.raised[-1] |= STEP | {"oops", "denied"}
            text, run = f"do risky({e.text})", lambda f: (e.value(f),)
            act = lambda f, args: f.world.risk(*args)
        else:
            name = "echo_" + re.sub(r"\W", "_", kind)
            e = self.value(kind, 1)
            self.raised[-1] |= STEP
            text, run = f"do {name}({e.text})", lambda f: (e.value(f),)

            def act(f, args):
                f.world.call(name, *args)
                return args[0]

        undo_text, capture = "", None
        if self.can_undo and self.rng.random() < 0.3:
            undo_text, capture = self.undo(Var(result, kind) if result else None)

        def perform(f):
            args = run(f)
            undo = capture(f) if capture else None
            given = act(f, args)
            if undo is not None:
                f.undos[-1].append(lambda: undo(given))
            return given

        return text + undo_text, perform

    def undo(self, result):
        """(text, a function that captures and gives what to do with the result)."""
        if self.rng.random() < 0.4:
            return self.undo_block(result)
        scope, faults = self.scope, set(self.raised[-1])
        self.scope = self.kept(result)
        e = self.value("string", 1)
        self.scope = scope
        late = result and re.search(rf"(?<![.\w]){result.name}\b(?!:)", e.text)
        if late:
            self.raised[-1] = faults

        def capture(f):
            if late:
                def undo(given, kept=f.vars.copy()):
                    kept[result] = given
                    f.world.call("put_back", e.value(Frame(f.world, kept)))
                return undo
            text = e.value(f)
            return lambda given: f.world.call("put_back", text)

        return f" undo put_back({e.text})", capture

    def kept(self, result):
        """What an undo can read: values as they were, and the step's own result."""
        scope = [Var(x.name, x.kind, key=x.key) for x in self.scope if "." not in x.name]
        return scope + [result] if result else scope

    def undo_block(self, result=None):
        scope, self.scope = self.scope, self.kept(result)
        self.raised.append(set())
        block = self.inner(1, {result.name} if result else (), in_loop=False, can_leave=False,
                           can_undo=False, caught=None)
        self.raised.pop()
        self.scope = scope

        def capture(f):
            def undo(given, kept=f.vars.copy()):
                kept[result] = given
                block.run(Frame(f.world, kept))
            return undo

        return " undo {\n" + "\n".join(indented(block.lines)) + "\n}", capture

    # ---- statements ----

    def statement(self, depth, names):
        simple = [self.let, self.let, self.var, self.assign, self.assign, self.assign, self.note,
                  self.step_stmt, self.sleep, self.status, self.log]
        nested = [self.if_stmt, self.if_stmt, self.if_let, self.match, self.match,
                  self.while_stmt, self.loop, self.for_list, self.for_range, self.try_stmt,
                  self.try_stmt, self.select, self.late_var, self.plain, self.parallel]
        leaving = [self.fail] + ([self.leave_loop] * 2 if self.in_loop else []) + (
            [self.return_stmt] if self.can_leave else [])
        if self.can_undo:
            simple.append(self.undo_stmt)
        roll = self.rng.random()
        group = leaving if roll < 0.1 else nested if roll < 0.55 and depth > 0 else simple
        return self.rng.choice(group)(depth, names)

    def declare(self, names, kind, mutable=False, counter=False):
        var = Var(self.fresh(names), kind, mutable, counter=counter)
        names.add(var.name)
        return var

    def let(self, depth, names, mutable=False):
        word, kind = "var" if mutable else "let", self.rng.choice(KINDS)
        var, note = self.declare(names, kind, mutable), ""
        if kind in ECHOED and self.rng.random() < 0.3:
            text, perform = self.step(kind, var.name)
        else:
            e = self.value(kind)
            text, perform = e.text, e.value
            note = "" if e.exact and self.rng.random() < 0.6 else f": {kind}"
        self.scope.append(var)

        def run(f):
            f.vars[var] = perform(f)

        return Stmt(f"{word} {var.name}{note} = {text}".split("\n"), run)

    def var(self, depth, names):
        return self.let(depth, names, mutable=True)

    def late_var(self, depth, names):
        """A variable without a value, assigned on every way."""
        kind = self.rng.choice(KINDS)
        self.late += 1
        var = Var(f"late_{self.late}", kind, True)
        condition, scope = self.condition(), self.scope
        self.scope = self.narrowed(condition, True)
        first, block = self.value(kind), self.inner(depth)
        self.scope = scope
        self.scope = self.narrowed(condition, False)
        second = self.value(kind)
        self.scope = scope
        self.scope.append(var)
        lines = [f"{var.name} = {first.text}", *block.lines]

        def run(f):
            if condition.value(f):
                f.vars[var] = first.value(f)
                block.run(f)
            else:
                f.vars[var] = second.value(f)

        return Stmt([f"var {var.name}: {kind}", f"if {self.head(condition)} {{",
                     *indented(lines), "} else {", f"    {var.name} = {second.text}", "}"], run)

    def target(self):
        """A place that can be assigned: (text, kind, variable, fields and indexes), or None."""
        found = [x for x in self.in_sight() if x.mutable and not x.counter]
        if not found:
            return None
        var = self.rng.choice(found)
        text, kind, path = var.name, var.kind, []
        while self.rng.random() < 0.6:
            if kind in RECORDS:
                name, kind = self.rng.choice(RECORDS[kind])
                text, path = f"{text}.{name}", path + [name]
            elif kind.endswith("]"):
                at, kind = self.use(self.expr("int", self.rng.choice([0, 0, 1]))
                                    if self.rng.random() < 0.3 else self.literal_int(0)), kind[1:-1]
                self.raised[-1].add("out_of_range")
                text, path = f"{text}[{at.text}]", path + [at]
            else:
                break
        return text, kind, var, path

    def assign(self, depth, names):
        target = self.target()
        if target is None:
            return self.note(depth, names)
        text, kind, var, path = target
        ops = {"=": None}
        if kind in ("int", "float"):
            ops = {"=": None, "+=": v.add, "-=": v.subtract, "*=": v.multiply}
        elif kind == "duration":
            ops = {"=": None, "+=": v.add, "-=": v.subtract}
        elif kind == "string" or kind.endswith("]"):
            ops = {"=": None, "+=": lambda a, b: a + b if len(a) < 999 else self.too_long()}
        op = self.rng.choice(list(ops))
        if op != "=":
            self.raised[-1].add("overflow" if kind in ("int", "float", "duration")
                                else "payload_too_large")
        if op == "=" and kind in ECHOED and self.rng.random() < 0.2:
            source, perform = self.step(kind, None if path else var.name)
        else:
            e = self.value(kind)
            source, perform = e.text, e.value

        def get(whole, steps):
            for at in steps:
                whole = whole[at] if isinstance(at, str) else v.element(whole, at)
            return whole

        def put(whole, steps, value):
            if not steps:
                return value
            at = steps[0]
            new = dict(whole) if isinstance(at, str) else list(whole)
            new[at] = put(get(whole, steps[:1]), steps[1:], value)
            return new

        def run(f):
            steps = [at if isinstance(at, str) else at.value(f) for at in path]
            if op == "=":
                value = perform(f)
            else:
                value = ops[op](get(f.vars[var.key], steps), perform(f))
            f.vars[var.key] = put(f.vars[var.key], steps, value)

        return Stmt(f"{text} {op} {source}".split("\n"), run)

    def too_long(self):
        raise Discard()

    def note(self, depth, names):
        e = self.value("string")
        self.raised[-1] |= STEP
        return Stmt([f"do note({e.text})"], lambda f: f.world.call("note", e.value(f)))

    def step_stmt(self, depth, names):
        text, perform = self.step(self.rng.choice(["int", "int", "string"]))
        return Stmt(text.split("\n"), perform)

    def undo_stmt(self, depth, names):
        text, capture = self.undo_block()

        def run(f):
            undo = capture(f)
            f.undos[-1].append(lambda: undo(None))

        return Stmt((";" + text).split("\n"), run)  # no undo of a step on the line above

    def sleep(self, depth, names):
        self.raised[-1] |= WAIT
        seconds = self.rng.choice([0, 1, 2, 60])
        return Stmt([f"sleep {seconds}s"],
                    lambda f: f.world.move(f.world.now + seconds * SECOND))

    def status(self, depth, names):
        self.raised[-1] |= WAIT
        e = self.value(self.rng.choice(KINDS), exact=True)

        def run(f):
            f.world.status = (v.json_value(e.value(f)),)

        return Stmt([f"status {e.text}"], run)

    def log(self, depth, names):
        e = self.value("string")
        return Stmt([f"log {self.rng.choice(['debug', 'info', 'warn', 'error'])} {e.text}"],
                    lambda f: f.world.logged.append(e.value(f)))

    def plain(self, depth, names):
        block = self.inner(depth)
        return Stmt(["{", *indented(block.lines), "}"], block.run, block.ends)

    # ---- choices ----

    def if_stmt(self, depth, names):
        condition, scope = self.condition(), self.scope
        self.scope = self.narrowed(condition, True)
        then = self.inner(depth)
        self.scope = scope
        self.scope = self.narrowed(condition, False)
        lines = [f"if {self.head(condition)} {{", *indented(then.lines)]
        other = None
        roll = self.rng.random()
        if roll < 0.4:
            other = self.inner(depth)
            lines += ["} else {", *indented(other.lines), "}"]
        elif roll < 0.6:
            other = self.if_stmt(depth - 1, names)
            lines += ["} else " + other.lines[0], *other.lines[1:]]
        else:
            lines += ["}"]
        self.scope = scope

        def run(f):
            if condition.value(f):
                then.run(f)
            elif other:
                other.run(f)

        return Stmt(lines, run, bool(other) and then.ends and other.ends)

    def condition(self):
        e = self.is_some(1) if self.rng.random() < 0.15 else self.expr("bool")
        return self.use(e)

    def if_let(self, depth, names):
        kind = self.rng.choice([k for k in KINDS if k.endswith("?")])
        e = self.value(kind, exact=True)
        mark, var = len(self.scope), Var(self.fresh(()), kind[:-1])
        self.scope.append(var)
        then = self.inner(depth)
        del self.scope[mark:]
        other = self.inner(depth)

        def run(f):
            value = e.value(f)
            if value is not None:
                f.vars[var] = value
                then.run(f)
            else:
                other.run(f)

        return Stmt([f"if let {var.name} = {self.head(e)} {{", *indented(then.lines), "} else {",
                     *indented(other.lines), "}"], run, then.ends and other.ends)

    def match(self, depth, names):
        kind = self.rng.choice(["int", "string", "bool", "duration", "Colour", "Mood"])
        e = self.value(kind, exact=True)
        if kind in ENUMS:
            keys = [(f"{kind}.{m}", m) for m in ENUMS[kind]]
            self.rng.shuffle(keys)
        else:
            literals = [self.literal(kind) for _ in range(self.rng.choice([2, 3, 4]))]
            keys = list({x.value(None): (x.text, x.value(None)) for x in literals}.values())
        has_else = kind not in ENUMS or self.rng.random() < 0.4
        if has_else and kind in ENUMS:
            keys.pop()
        elif has_else and kind != "bool":
            has_else = self.rng.random() < 0.6
        elif kind == "bool":
            has_else = len(keys) < 2
        arms, lines = [], []
        while keys:
            taken = [keys.pop() for _ in range(min(len(keys), self.rng.choice([1, 1, 2])))]
            body = self.inner(depth)
            arms.append(([key for _, key in taken], body))
            lines += self.arm(", ".join(text for text, _ in taken), body)
        other = self.inner(depth) if has_else else None
        if other:
            lines += self.arm("else", other)

        def run(f):
            value = e.value(f)
            for keys, body in arms:
                if value in keys:
                    return body.run(f)
            return other.run(f) if other else None

        whole = bool(other) or kind in ENUMS
        ends = whole and all(b.ends for _, b in arms) and (not other or other.ends)
        return Stmt([f"match {self.head(e)} {{", *indented(lines), "}"], run, ends)

    def arm(self, label, body):
        if len(body.lines) == 1 and self.rng.random() < 0.5:
            return [f"{label} => {body.lines[0]}"]
        return [f"{label} => {{", *indented(body.lines), "}"]

    # ---- loops ----

    @staticmethod
    def turn(f, body):
        """One turn; false: the loop is left."""
        f.world.tick()
        try:
            body.run(f)
        except Left as left:
            if left.how == "break":
                return False
            if left.how == "return":
                raise
        return True

    def while_stmt(self, depth, names):
        self.raised[-1].add("runaway")
        var = self.declare(names, "int", True, counter=True)
        self.scope.append(var)
        condition = self.value("bool", 1)
        limit = self.rng.choice([1, 2, 3])
        self.raised[-1].add("overflow")
        body = self.inner(depth, in_loop=True)

        def run(f):
            f.vars[var] = 0
            while f.vars[var] < limit and condition.value(f):
                f.vars[var] += 1
                if not self.turn(f, body):
                    break

        text = self.wrap(condition, 2)
        if re.search(r"\w \{", text):
            text = f"({text})"
        return Stmt([f"var {var.name} = 0", f"while {var.name} < {limit} and {text} {{",
                     f"    {var.name} += 1", *indented(body.lines), "}"], run)

    def loop(self, depth, names):
        self.raised[-1] |= STEP | {"runaway"}
        var = self.declare(names, "int", True, counter=True)
        self.scope.append(var)
        limit = self.rng.choice([1, 2, 3])
        body = self.inner(depth, in_loop=True)
        word = self.rng.choice(["loop", "while true"])

        def run(f):
            f.vars[var] = 0
            while True:
                f.vars[var] += 1
                if f.vars[var] > limit:
                    return
                f.world.call("note", str(f.vars[var]))
                if not self.turn(f, body):
                    return

        return Stmt([f"var {var.name} = 0", word + " {", f"    {var.name} += 1",
                     f"    if {var.name} > {limit} {{ break }}",
                     f'    do note("{{{var.name}}}")', *indented(body.lines), "}"], run)

    def for_list(self, depth, names):
        self.raised[-1].add("runaway")
        kind = self.rng.choice([k for k in KINDS if k.endswith("]")])
        e = self.value(kind, exact=True)
        return self.for_each(depth, kind[1:-1], self.head(e), lambda f: e.value(f)[:])

    def for_range(self, depth, names):
        self.raised[-1].add("runaway")
        a, b = self.literal_int(self.rng.choice([-1, 0, 0, 2])), self.value("int", 1)
        text = f"{a.text}..min(3, {b.text})"
        return self.for_each(depth, "int", text, lambda f: range(a.value(f), min(3, b.value(f))))

    def for_each(self, depth, kind, text, values):
        mark, var = len(self.scope), Var(self.fresh(()), kind)
        self.scope.append(var)
        body = self.inner(depth, in_loop=True)
        del self.scope[mark:]

        def run(f):
            for value in values(f):
                f.vars[var] = value
                if not self.turn(f, body):
                    break

        return Stmt([f"for {var.name} in {text} {{", *indented(body.lines), "}"], run)

    def leave_loop(self, depth, names):
        how = self.rng.choice(["break", "continue"])
        return self.left(how, lambda f: None, how)

    def return_stmt(self, depth, names):
        if self.result in ECHOED and self.rng.random() < 0.3:
            text, perform = self.step(self.result)
        else:
            e = self.value(self.result)
            text, perform = e.text, e.value
        self.raised[-1] |= {"payload_too_large", "overflow", "bad_value"}
        return self.left("return", perform, "return " + text)

    def left(self, how, perform, text):
        def run(f):
            raise Left(how, perform(f))

        return Stmt(text.split("\n"), run, ends=True)

    # ---- errors ----

    def fail(self, depth, names):
        if self.caught and self.rng.random() < 0.4:
            key, raised = self.caught
            self.raised[-1] |= raised

            def again(f):
                raise f.vars[key]

            return Stmt(["fail"], again, ends=True)
        name = self.rng.choice(list(ERRORS))
        fields = ERRORS[name]
        args = [self.value(kind) for _, kind in fields]
        self.raised[-1].add(name)

        def run(f):
            data = {field: e.value(f) for (field, _), e in zip(fields, args)}
            raise v.Fault(name, data)

        text = "fail " + name + ("(" + ", ".join(a.text for a in args) + ")" if args else "")
        return Stmt([text], run, ends=True)

    def try_stmt(self, depth, names):
        self.raised.append(set())
        body = self.inner(depth, **({"can_undo": True} if self.can_undo is not False else {}))
        left = self.raised.pop()
        lines, arms = ["try {", *indented(body.lines)], []
        for _ in range(self.rng.choice([0, 1, 1, 2])):
            if not left:
                break
            taken = sorted(left) if self.rng.random() < 0.3 else self.rng.sample(
                sorted(left), min(len(left), self.rng.choice([1, 1, 2])))
            # Those that can come here really come.
            likely = sorted(left & {"oops", "denied", "odd", "activity_failed", "out_of_range"})
            if likely and self.rng.random() < 0.7:
                taken = [self.rng.choice(likely)]
            arms.append(self.catch(depth, taken, taken == sorted(left), lines))
            left -= set(taken)
        self.raised[-1] |= left
        finally_ = None
        if not arms or self.rng.random() < 0.4:
            finally_ = self.inner(depth, in_loop=False, can_leave=False)
            lines += ["} finally {", *indented(finally_.lines)]
        lines.append("}")

        def guarded(f):
            f.undos.append([])
            try:
                body.run(f)
            except v.Fault as fault:
                f.unwind()
                for taken, key, arm in arms:
                    if not taken or fault.name in taken:
                        f.vars[key] = fault
                        return arm.run(f)
                raise
            except Left:
                f.hand_on()
                raise
            f.hand_on()

        def run(f):
            try:
                guarded(f)
            except (v.Fault, Left):
                if finally_:
                    finally_.run(f)
                raise
            if finally_:
                finally_.run(f)

        ends = body.ends and all(arm.ends for _, _, arm in arms)
        return Stmt(lines, run, ends or bool(finally_ and finally_.ends))

    def catch(self, depth, taken, is_all, lines):
        mark, key = len(self.scope), Var("", "error")
        name = self.fresh(()) if self.rng.random() < 0.7 else None
        declared = set()
        if name:
            self.scope += self.error_fields(name, taken, is_all, key)
            declared.add(name)
        arm = self.inner(depth, declared, caught=(key, set(taken)))
        del self.scope[mark:]
        text = " as " + name if name else ""
        if is_all:
            head = f"catch{text or ' as _e'}"
            taken = ()
        else:
            head = "catch " + ", ".join(taken) + text
        lines += ["} " + head + " {", *indented(arm.lines)]
        return taken, key, arm

    def error_fields(self, name, taken, is_all, key):
        """What can be read of a caught error, as variables whose names have a dot."""
        def field(text, kind, value):
            var = Var(f"{name}.{text}", kind)
            var.key = Field(key, value)
            return var

        hider = Var(name, None)  # the error itself is no value
        fields = [hider, field("name", "string", lambda error: error.name)]
        if not is_all and len(taken) == 1 and taken[0] in ERRORS:
            fields += [field(n, kind, lambda error, n=n: error.data[n])
                       for n, kind in ERRORS[taken[0]] if not kind.endswith("?")]
        return fields

    # ---- waiting ----

    def select(self, depth, names):
        self.raised[-1] |= WAIT
        arms, lines, timed = [], [], False
        for _ in range(self.rng.choice([1, 2, 3])):
            guard = self.use(self.expr("bool", 1)) if self.rng.random() < 0.4 else None
            roll, mark, var = self.rng.random(), len(self.scope), None
            if roll < 0.6:
                event = self.rng.choice(list(EVENTS))
                self.raised[-1].add("bad_payload")
                var = Var(self.fresh(()), EVENTS[event])
                self.scope.append(var)
                arm, text = ("on", event), f"on {event} as {var.name}"
            else:
                seconds = self.rng.choice([0, 1, 2, 30])
                arm, text = ("after", seconds), f"after {seconds}s"
                timed = timed or guard is None
            body = self.inner(depth)
            del self.scope[mark:]
            lines += [text + (f" if {self.head(guard)}" if guard else "") + " {",
                      *indented(body.lines), "}"]
            arms.append((arm, guard, var, body))
        other = self.inner(depth) if not timed else None
        if other:
            lines += ["else {", *indented(other.lines), "}"]

        def run(f):
            open_arms = [a for a in arms if a[1] is None or a[1].value(f)]
            chosen = self.choose(f.world, open_arms, other)
            if chosen is None:
                return other.run(f)
            (how, event), _, var, body = chosen
            if how == "on":
                f.vars[var] = f.world.mailbox[event].pop(0)
            return body.run(f)

        ends = all(a[3].ends for a in arms) and (not other or other.ends)
        return Stmt(["select {", *indented(lines), "}"], run, ends)

    @staticmethod
    def choose(world, arms, other):
        for arm in arms:
            how, what = arm[0]
            if (how == "on" and world.mailbox[what]) or (how == "after" and what == 0):
                return arm
        if other:
            return None
        timers = [(a[0][1] * SECOND, n) for n, a in enumerate(arms) if a[0][0] == "after"]
        first, due = arms[min(timers)[1]], world.now + min(timers)[0]
        while world.arrivals and world.arrivals[0][0] < due:
            event = world.arrivals[0][1]
            world.move(world.arrivals[0][0])
            for arm in arms:
                if arm[0] == ("on", event):
                    return arm
        world.move(due)
        return first

    def parallel(self, depth, names):
        """Branches of one step each: they start in order, so their calls are in order."""
        lines, made, exported = [], [], []
        for _ in range(self.rng.choice([1, 2, 3])):
            kind = self.rng.choice(ECHOED)
            found = self.variables(kind)
            if not found:
                continue
            e = self.rng.choice(found)
            if isinstance(e.value, type(None)) or "." in e.text:
                continue
            var = Var(self.fresh(names), kind)
            names.add(var.name)
            if var.name in [m.text for _, m, _ in made]:
                continue
            name = "echo_" + re.sub(r"\W", "_", kind)
            lines.append(f"let {var.name} = do {name}({e.text})")
            made.append((name, e, var))
            exported.append(var)
        if not made or {x.name for x in exported} & {e.text for _, e, _ in made}:
            return self.note(depth, names)
        self.scope += exported
        self.raised[-1] |= STEP | {"out_of_range"}

        def run(f):
            given = [e.value(f) for _, e, _ in made]
            for (name, _, var), value in zip(made, given):
                f.world.call(name, value)
                f.vars[var] = value

        return Stmt(["parallel {", *indented(lines), "}"], run)

    # ---- the whole ----

    def workflow(self, name):
        params = [Var(n, k) for n, k in [
            ("p0", "int"), ("p1", "string"), ("case", "int?"), ("p3", "[int]"), ("p4", "Point"),
            ("p5", "float"), ("p6", "bool"), ("p7", "Colour"), ("p8", "duration"),
            ("p9", "string?")]]
        self.scope, self.raised = list(params), [set()]
        self.result = self.rng.choice(KINDS)
        self.in_loop, self.can_leave, self.can_undo, self.caught = False, True, True, None
        declared = {p.name for p in params}
        trail = Var("trail", "string", True)
        self.scope.append(trail)
        body = self.block(self.rng.choice([4, 6, 8]), 3, declared | {"trail"})
        lines = list(body.lines)
        last = None
        if not body.ends:
            self.scope = params + [trail]
            last = self.value(self.result)
            lines.append("return " + last.text)

        def run(f, given):
            for param, value in zip(params, given):
                f.vars[param] = value
            f.vars[trail] = ""
            try:
                body.run(f)
                return last.value(f)
            except Left as left:
                return left.value
            except v.Fault:
                f.unwind()
                raise

        head = ", ".join(f"{p.name}: {p.kind}" for p in params)
        text = [f"workflow {name}({head}) -> {self.result} fails {', '.join(ERRORS)} {{",
                '    var trail = ""',
                "    select {  // so that no event is refused",
                *[f"        on {event} as _ if p6 != p6 {{}}" for event in EVENTS],
                "        else {}", "    }", *indented(lines), "}", ""]
        return text, run
