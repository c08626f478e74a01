# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/oracle/value-repr.py: holds kin_value_print () against Python's repr ().

Reads lines from test-value: a value in a neutral form, a tab, the printed text as hexadecimal
UTF-8. The neutral form is words in front of what they hold: i-5, sHEX, bHEX, t, f, n, (2 … and [2 ….

A character that this Python's Unicode tables do not have yet, or that GLib's did not have (the test
leaves these out), proves nothing: such values are counted and left out. All others must agree.
"""
import sys
import unicodedata

from values import build


def is_noncharacter(code):
    return code & 0xfffe == 0xfffe or 0xfdd0 <= code <= 0xfdef


def is_known(value):
    """Has Python's table all of the characters? Noncharacters are in nobody's, for ever."""
    if isinstance(value, (tuple, list)):
        return all(map(is_known, value))
    return not isinstance(value, str) or all(
        unicodedata.category(c) != "Cn" or is_noncharacter(ord(c)) for c in value)


compared = left_out = wrong = 0
for line in sys.stdin:
    neutral, printed = line.rstrip("\n").split("\t")
    value = build(iter(neutral.split(" ")))
    if not is_known(value):
        left_out += 1
        continue
    compared += 1
    text = bytes.fromhex(printed).decode("utf-8")
    if text != repr(value):
        wrong += 1
        if wrong <= 10:
            print(f"# {ascii(value)}: {ascii(text)}, not {ascii(repr(value))}", file=sys.stderr)
print(f"# {compared} values compared, {left_out} left out, {wrong} wrong")
print(compared)
sys.exit(1 if wrong else 0)
