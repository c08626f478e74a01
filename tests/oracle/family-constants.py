# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/oracle/family-constants.py: holds the families' constants against Python's socket module.

Reads lines "NAME value" or "NAME =text", of all families. What Python has must have Python's value;
and of a word that a family's names begin with (TCP_, CAN_), all that Python has must be there.
"""
import socket
import sys

# Words of more families than those of this tree.
COMMON = {"AF", "PF", "SO", "SOL", "SCM", "MSG"}

ours = {}
faults = []
for line in sys.stdin:
    name, value = line.rstrip("\n").split(" ", 1)
    value = value[1:] if value.startswith("=") else int(value)
    if ours.setdefault(name, value) != value:
        faults.append(f"{name} is {value} and {ours[name]}")
words = {name.split("_")[0] for name in ours} - COMMON
compared = 0
for name, value in ours.items():
    theirs = getattr(socket, name, None)
    if theirs is not None:
        compared += 1
        if value != (theirs if isinstance(theirs, str) else int(theirs)):
            faults.append(f"{name} is {value}, Python has {theirs!r}")
for name in dir(socket):
    if name.isupper() and "_" in name and name.split("_")[0] in words and name not in ours:
        faults.append(f"{name} is missing")
for fault in faults:
    print(f"# {fault}", file=sys.stderr)
print(compared)
sys.exit(1 if faults else 0)
