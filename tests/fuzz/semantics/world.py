"""What the engine would do for a workflow, and how its code is left."""
import values as v
from expressions import Discard

SECOND = 1000
KNOWN = ("oops", "denied")  # the errors that the activity `risky` declares


class Left(Exception):
    """A block is left: `break`, `continue`, or `return` with its value."""

    def __init__(self, how, value=None):
        super().__init__(how)
        self.how, self.value = how, value


class Blocked(Exception):
    """It waits for what never comes."""


class World:
    def __init__(self, outcomes, arrivals, events, now):
        self.outcomes, self.arrivals, self.now = outcomes, sorted(arrivals), now
        self.started, self.calls, self.logged, self.turns = now, [], [], 0
        self.status, self.risked, self.mailbox = None, 0, {name: [] for name in events}

    def call(self, name, *args):
        self.calls.append([name] + [v.json_value(a) for a in args])
        if len(self.calls) > 60:
            raise Discard()

    def tick(self):
        self.turns += 1
        if self.turns > 2000:
            raise Discard()

    def move(self, until):
        """Time goes on; what arrives on the way lies in its mailbox."""
        self.now = max(self.now, until)
        while self.arrivals and self.arrivals[0][0] <= self.now:
            _, name, value = self.arrivals.pop(0)
            self.mailbox[name].append(value)

    def take(self, name):
        while not self.mailbox[name]:
            if not self.arrivals:
                raise Blocked()
            self.move(self.arrivals[0][0])
        return self.mailbox[name].pop(0)

    def risk(self, n):
        self.call("risky", n)
        outcome = self.outcomes[min(self.risked, len(self.outcomes) - 1)]
        self.risked += 1
        if "error" in outcome:
            known = outcome["error"] in KNOWN
            raise v.Fault(outcome["error"] if known else "activity_failed", outcome.get("data"))
        return outcome["return"]


class Frame:
    def __init__(self, world, variables):
        self.world, self.vars, self.undos = world, variables, [[]]

    def unwind(self):
        """An undo scope is left by an error: newest first, one failing stops no other."""
        for undo in reversed(self.undos.pop()):
            try:
                undo()
            except v.Fault:
                pass

    def hand_on(self):
        done = self.undos.pop()
        self.undos[-1] += done


class Field:
    """Stands as a variable's key for a field of a caught error."""

    def __init__(self, key, value):
        self.key, self.value = key, value


class Variables(dict):
    def __getitem__(self, key):
        if isinstance(key, Field):
            return key.value(super().__getitem__(key.key))
        return super().__getitem__(key)

    def copy(self):
        return Variables(self)
