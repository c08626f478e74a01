# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/oracle/constants.py: holds the generic constants against Python's socket module.

Reads lines "NAME value". All that Python has must have Python's value; and all that Python has of
these kinds and that no family claims must be there.
"""
import re
import socket
import sys

GENERAL = re.compile(r"(SO|MSG|SOCK|SHUT|AI|NI|EAI)_|SOMAXCONN$|SOL_SOCKET$|AF_UNSPEC$")
FAMILIES = re.compile(r"SO_(VM|J1939|PASS|PEER)")

ours = dict(line.split() for line in sys.stdin)
faults = []
compared = 0
for name, value in ours.items():
    if hasattr(socket, name):
        compared += 1
        if int(value) != int(getattr(socket, name)):
            faults.append(f"{name} is {value}, Python has {int(getattr(socket, name))}")
for name in dir(socket):
    if GENERAL.match(name) and not FAMILIES.match(name) and name not in ours:
        faults.append(f"{name} is missing")
for fault in faults:
    print(f"# {fault}", file=sys.stderr)
print(compared)
sys.exit(1 if faults else 0)
