"""What the operators and built-in functions of the language mean, said once more and
independently of the C code: from docs/LANGUAGE.md alone.

Values: bool, int, float and str stand for themselves, a duration and a time are ints, an enum
is its member's name, a list a list, a record a dict with all its fields, `none` is None.  No
value is ever changed; who assigns to a part makes a new one.
"""
import datetime
import math
import re

INT_MIN, INT_MAX = -(2**63), 2**63 - 1


class Fault(Exception):
    """An error of the workflow, with the fields that it declares."""

    def __init__(self, name, data=None, message=None):
        super().__init__(name)
        self.name, self.data, self.message = name, data, message


def check_int(value):
    if not INT_MIN <= value <= INT_MAX:
        raise Fault("overflow")
    return value


def check_float(value):
    if not math.isfinite(value):
        raise Fault("overflow")
    return value


def float_operation(function, *operands):
    try:
        return check_float(function(*operands))
    except (OverflowError, ValueError):
        raise Fault("overflow") from None


def add(a, b):
    return check_float(a + b) if isinstance(a, float) else check_int(a + b)


def subtract(a, b):
    return check_float(a - b) if isinstance(a, float) else check_int(a - b)


def multiply(a, b):
    return check_float(a * b) if isinstance(a, float) else check_int(a * b)


def divide(a, b):
    if b == 0:
        raise Fault("division_by_zero")
    if isinstance(a, float):
        return float_operation(lambda: a / b)
    quotient = abs(a) // abs(b)
    return check_int(quotient if (a < 0) == (b < 0) else -quotient)


def remainder(a, b):
    if b == 0:
        raise Fault("division_by_zero")
    if isinstance(a, float):
        return float_operation(math.fmod, a, b)
    rest = abs(a) % abs(b)
    return -rest if a < 0 else rest


def element(items, at):
    if not 0 <= at < len(items):
        raise Fault("out_of_range")
    return items[at]


# ---- text ----


def float_text(x):
    if x == 0:
        return "0.0"
    digits, exponent = re.fullmatch(r"([0-9.]+)e([+-]\d+)", "%.16e" % abs(x)).groups()
    for precision in range(17):
        text = "%.*e" % (precision, abs(x))
        if float(text) == abs(x):
            digits, exponent = text.split("e")
            break
    digits, exponent = digits.replace(".", "").rstrip("0"), int(exponent)
    if 0 <= exponent < 16:
        digits = digits.ljust(exponent + 2, "0")
        text = digits[: exponent + 1] + "." + digits[exponent + 1 :]
    elif -5 <= exponent < 0:
        text = "0." + "0" * (-exponent - 1) + digits
    else:
        text = digits[0] + ("." + digits[1:] if len(digits) > 1 else "") + "e%+d" % exponent
    return ("-" if x < 0 else "") + text


UNITS = [(86400000, "d"), (3600000, "h"), (60000, "m"), (1000, "s"), (1, "ms")]


def duration_text(ms):
    text, left = "", abs(ms)
    for size, unit in UNITS:
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return ("-" if ms < 0 else "") + (text or "0s")


EPOCH = datetime.datetime(1970, 1, 1)


def time_text(ms):
    try:
        at = EPOCH + datetime.timedelta(milliseconds=ms)
    except OverflowError:
        raise Fault("bad_value") from None
    return "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ" % (
        at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond // 1000)


def as_text(kind, value):
    if kind == "bool":
        return "true" if value else "false"
    if kind == "int":
        return str(value)
    return {"float": float_text, "duration": duration_text, "time": time_text}.get(
        kind, lambda text: text)(value)


# ---- functions ----


def to_int(x):
    if isinstance(x, str):
        if not re.fullmatch(r"-?[0-9]+", x) or not INT_MIN <= int(x) <= INT_MAX:
            raise Fault("bad_value")
        return int(x)
    return check_int(int(x))


def to_float(x):
    if isinstance(x, str):
        if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", x) or \
                not math.isfinite(float(x)):
            raise Fault("bad_value")
    return float(x)


def round_away(x):
    whole = math.trunc(x)
    return check_int(whole + (0 if abs(x - whole) < 0.5 else 1 if x > 0 else -1))


def ascii_case(text, first, shift):
    return "".join(chr(ord(c) + shift) if 0 <= ord(c) - first < 26 else c for c in text)


def part(value, start, end):
    if not 0 <= start <= end <= len(value):
        raise Fault("out_of_range")
    return value[start:end]


def replaced(text, old, new):
    if old == "":
        raise Fault("bad_value")
    return text.replace(old, new)


def find(where, what):
    if isinstance(where, str):
        at = where.find(what)
        return at if at >= 0 else None
    return where.index(what) if what in where else None


def unique(items):
    kept = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return kept


def total(items):
    result = 0.0 if items and isinstance(items[0], float) else 0
    for item in items:
        result = result + item if isinstance(result, float) else check_int(result + item)
    return check_float(result) if isinstance(result, float) else result


def json_value(value):
    """As it stands on the wire, for the scenario file."""
    if isinstance(value, dict):
        return {k: json_value(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [json_value(v) for v in value]
    return value
