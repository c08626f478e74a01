#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""run.py PREFIX: counts what Kin costs, on the library installed in PREFIX.

Exits 1 where a bar is missed, or what is to stand beside Kin is not there. scripts/bench installs
and calls it.
"""
import os
import re
import subprocess
import sys
import tempfile

import counting
import pingpong
import relay

FAMILIES = 15

# (what it says, figure, at most)
BARS = []


def families_of(libdir):
    return os.path.join(libdir, "kin-1", "families")


def registration(program, libdir):
    """15 families, most of them made up: a manifest is all that registering reads."""
    installed = families_of(libdir)
    manifests = sorted(name for name in os.listdir(installed) if name.endswith(".kin"))
    with open(os.path.join(installed, "unix.kin"), encoding="utf-8") as file:
        model = file.read()
    with tempfile.TemporaryDirectory() as folder:
        for i in range(FAMILIES - len(manifests)):
            name = f"{chr(ord('a') + i)}-made-up"
            text = re.sub(r"(?m)^name .*", f"name {name}", model)
            text = re.sub(r"(?m)^domain .*", f"domain {200 + i}", text)
            text = re.sub(r"(?m)^scheme unix", f"scheme {name}", text)
            text = re.sub(r"(?m)^([A-Z]\w*) ", rf"\1_{i} ", text)
            with open(os.path.join(folder, name + ".kin"), "w", encoding="utf-8") as file:
                file.write(text)
        env = dict(os.environ, KIN_PLUGIN_PATH=folder)
        counts = [count([program, "register"], env)[-1] - count([program, "nothing"], env)[-1]
                  for count in (counting.instructions, counting.system_calls)]
    print(f"\nregistering {FAMILIES} families: {counts[0]:,} instructions, {counts[1]} system calls")
    BARS.append((f"registering {FAMILIES} families: instructions", counts[0], 100000))
    BARS.append((f"registering {FAMILIES} families: system calls", counts[1], 75))


def heap(program):
    held = float(subprocess.run([program, "heap", "1000"], stdout=subprocess.PIPE, text=True,
                                check=True).stdout)
    print(f"a socket holds {held:.1f} bytes of heap")
    BARS.append(("heap a socket, bytes", held, 96))


def main():
    with tempfile.TemporaryDirectory() as folder:
        libdir = counting.find_kin(os.path.abspath(sys.argv[1]))
        BARS.extend(pingpong.report(folder))
        program = counting.compile_program("start.c", ["kin-1"], folder)
        registration(program, libdir)
        heap(program)
    BARS.extend(relay.report(os.path.join(sys.argv[1], "bin", "kin"),
                             has_tcp=os.path.exists(os.path.join(families_of(libdir), "inet.kin"))))
    print()
    missed = 0
    for what, figure, bar in BARS:
        is_held = figure <= bar + 0.005
        missed += not is_held
        print(f"{'held  ' if is_held else 'MISSED'}  {what}: {figure:,.2f}, at most {bar:,}")
    return 1 if missed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main())
