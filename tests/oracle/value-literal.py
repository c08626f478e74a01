# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/oracle/value-literal.py: holds kin_value_parse () against Python's literals.

Reads lines from test-value-parse: what the text was read as, in the form of tests/values.h, or "-":
refused; a tab, the text as hexadecimal UTF-8. What was read must be what Python reads. What was
refused Python must refuse as well, or it is what a value cannot be, see is_beyond.
"""
import ast
import re
import sys
import warnings

from values import build


def same(a, b):
    """Equal and of the same types: True is not 1."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return a == b


def is_beyond(node):
    """Is there something in it that no value of Kin can be, or that is only put together?"""
    for part in ast.walk(node):
        value = getattr(part, "value", None) if isinstance(part, ast.Constant) else None
        if isinstance(part, (ast.Set, ast.JoinedStr, ast.BinOp)):
            return True
        if isinstance(part, ast.UnaryOp) and not isinstance(part.operand, ast.Constant):
            return True
        if isinstance(part, ast.Dict) and not all(
                isinstance(getattr(key, "value", None), str) for key in part.keys):
            return True
        if isinstance(value, (float, complex)) or value is Ellipsis:
            return True
        if isinstance(value, int) and not isinstance(value, bool) and value >= 2 ** 63:
            return True
        if isinstance(value, str) and ("\0" in value or any(0xd800 <= ord(c) < 0xe000 for c in value)):
            return True
    return False


def is_written_otherwise(text):
    """Tuples without brackets, comments, triple quotes, named characters, two literals side by side,
    - before a blank, escapes that are none and that Python says nothing about."""
    if re.search(r"\\[^\0-\x7f]", text):
        return True
    try:
        if len(ast.parse(f"[{text},]", mode="eval").body.elts) != 1:
            return True
    except SyntaxError:
        return True
    return any(word in text for word in ("#", "'''", '"""', "\\N", "- ", "+ ", "-\n", "+\n", "--", "++", "-+", "+-",
                                         "\\\n", "\\ ")) \
        or any(a + b in text.replace(" ", "").replace("\n", "") for a in "'\"" for b in
               ("'", '"', "b'", 'b"', "r'", 'r"', "u'", 'u"', "B'", 'B"'))


compared = left_out = wrong = 0
for line in sys.stdin:
    neutral, encoded = line.rstrip("\n").split("\t")
    text = bytes.fromhex(encoded).decode("utf-8")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")        # of escapes that are none
            value = ast.literal_eval(text.strip(" \t\n\r\f"))
            node = ast.parse(text.strip(" \t\n\r\f"), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        right = neutral == "-"
    else:
        if neutral == "-" and (is_beyond(node) or is_written_otherwise(text)):
            left_out += 1
            continue
        right = neutral != "-" and same(build(iter(neutral.split(" "))), value)
    compared += 1
    if not right:
        wrong += 1
        if wrong <= 10:
            print(f"# {ascii(text)}: {neutral}", file=sys.stderr)
print(f"# {compared} texts compared, {left_out} left out, {wrong} wrong")
print(compared)
sys.exit(1 if wrong else 0)
