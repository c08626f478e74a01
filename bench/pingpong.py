# SPDX-License-Identifier: LGPL-2.1-or-later
"""pingpong.py: what a send and a receive cost, by Kin, by raw calls and by peers; run.py calls it."""
import concurrent.futures
import os
import sys

import counting

FEW, MANY = 100, 600   # units of the two processes whose difference is counted
CALL_BAR = 25           # instructions by which a call of Kin may exceed the raw one

# What it is called, its program, what that needs of pkg-config, and the Debian package of that
PEERS = [
    ("raw",     "raw.c",      [],          None),
    ("Kin",     "kin.c",      ["kin-1"],   None),
    ("GSocket", "gsocket.c",  ["gio-2.0"], "libglib2.0-dev"),
    ("APR",     "apr.c",      ["apr-1"],   "libapr1-dev"),
    ("NSPR",    "nspr.c",     ["nspr"],    "libnspr4-dev"),
    ("CPython", "cpython.py", [],          None),
]

TRANSPORTS = ["unix", "tcp", "udp"]

# Label, and the two members of a case that say it: peers/pingpong.h
SITUATIONS = [
    ("data is there",              "ready:-1"),
    ("data is there, timeout 5 s", "ready:5"),
    ("waiting",                    "waiting:-1"),
    ("waiting, timeout 5 s",       "waiting:5"),
    ("nothing there (one call)",   "nothing:0"),
]

# Label, transport, situation and timeout
ROWS = [(label, transport, situation) for label, situation in SITUATIONS
        for transport in TRANSPORTS]
KIN_ROWS = [(label, "loop", situation) for label, situation in SITUATIONS[:2]]


def build(folder):
    """The command of each peer. Ends where one is not there: none is left out."""
    missing = [f"{name} (apt-get install {debian})" for name, _, packages, debian in PEERS
               if not all(map(counting.has_package, packages))]
    if missing:
        sys.exit(f"bench: not there to be measured beside Kin: {', '.join(missing)}")
    echo = counting.compile_program("peers/echo.c", [], folder)
    commands = {}
    for name, source, packages, _ in PEERS:
        source = os.path.join("peers", source)
        if source.endswith(".py"):
            script = os.path.join(os.path.dirname(os.path.abspath(__file__)), source)
            commands[name] = [sys.executable, "-I", script, echo]
        else:
            commands[name] = [counting.compile_program(source, packages, folder), echo]
    return commands


def per_unit(count, command, rows):
    """Of each row. All are counted in one run, in which each has two processes."""
    cases = [f"{transport}:{situation}:{n}" for _, transport, situation in rows
             for n in (FEW, MANY)]
    env = dict(os.environ, PYTHONHASHSEED="0")   # CPython's count depends on it
    *counts, _ = count([*command, *cases], env)
    if len(counts) != len(cases):
        raise RuntimeError(f"{command[0]}: {len(counts)} processes did {len(cases)} cases")
    return [(many - few) / (MANY - FEW) for few, many in zip(counts[::2], counts[1::2])]


def measure(commands):
    """Instructions and system calls, by peer and row. Two runs at once: no clock is read."""
    figures = {}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs = {}
        for name in reversed(commands):   # the slowest first
            rows = ROWS + KIN_ROWS if name == "Kin" else ROWS
            runs[name] = (rows, [pool.submit(per_unit, count, commands[name], rows)
                                 for count in (counting.instructions, counting.system_calls)])
        for name, (rows, (taken, called)) in runs.items():
            for row, *pair in zip(rows, taken.result(), called.result()):
                figures[name, row] = pair
    return figures


def show(figures):
    names = [name for name, *_ in PEERS]
    print("one send and one receive of 64 bytes: instructions (system calls)")
    print(" " * 32 + "".join(f"{name:>11}" for name in names))
    shown = None
    for row in ROWS + KIN_ROWS:
        label, transport, _ = row
        cells = ["{:.0f} ({:.2g})".format(*figures[name, row]) if (name, row) in figures else ""
                 for name in names]
        line = f"{label if label != shown else '':27}{transport:5}"
        print((line + "".join(f"{cell:>11}" for cell in cells)).rstrip())
        shown = label


def report(folder):
    """Prints the table; returns bars for run.py: (what, figure, at most)."""
    figures = measure(build(folder))
    show(figures)
    bars = []
    for row in ROWS + KIN_ROWS:
        label, transport, situation = row
        if situation.startswith("nothing"):
            continue
        taken, called = figures["Kin", row]
        what = f"{transport}, {label}"
        if transport in TRANSPORTS:
            # To a tenth: a few instructions of the start, of hundreds of units, do not cancel out.
            more = round((taken - figures["raw", row][0]) / 2, 1)
            bars.append((f"{what}: instructions more than raw, a call", more, CALL_BAR))
        bars.append((f"{what}: system calls a pair", called, 2 if transport in TRANSPORTS else 0))
    return bars
