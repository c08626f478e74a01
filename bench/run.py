#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""run.py PREFIX: counts what Kin costs, on the library installed in PREFIX.

Instructions (callgrind) and system calls (strace) a unit, from two runs of different length, so that
the start cancels out; no clock is read. Raw calls stand beside Kin in the same table. Exits 1 where
a bar is missed. scripts/bench installs and calls it.
"""
import os
import re
import subprocess
import sys
import tempfile

import relay

FEW, MANY = 200, 1200
FAMILIES = 15

# What a bar is held against: (row, figure, at most, what it says)
BARS = []


def compile_bench(prefix, folder):
    here = os.path.dirname(os.path.abspath(__file__))
    pc = subprocess.run(["find", prefix, "-name", "kin-1.pc"], stdout=subprocess.PIPE, text=True,
                        check=True).stdout.split()[0]
    env = dict(os.environ, PKG_CONFIG_PATH=os.path.dirname(pc))
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "kin-1"], env=env, text=True,
                           stdout=subprocess.PIPE, check=True).stdout.split()
    libdir = os.path.dirname(os.path.dirname(pc))
    program = os.path.join(folder, "pingpong")
    subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-o", program,
                    os.path.join(here, "pingpong.c"), *flags, f"-Wl,-rpath,{libdir}"], check=True)
    return program, libdir


def instructions(command, env=None):
    run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                          *command], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                         env=env, check=True)
    # A process that was forked off reports, too, and ends first.
    return int(re.findall(r"Collected : (\d+)", run.stderr)[-1])


def system_calls(command, env=None):
    with tempfile.NamedTemporaryFile("r") as trace:
        subprocess.run(["strace", "-qq", "-o", trace.name, *command], check=True, env=env,
                       stdout=subprocess.DEVNULL)
        return sum(1 for line in trace if re.match(r"[a-z]", line))


def per_unit(count, program, mode, *more):
    first = count([program, mode, str(FEW), *more])
    second = count([program, mode, str(MANY), *more])
    return (second - first) / (MANY - FEW)


def exchanges(program):
    rows = [("raw", "raw", ()), ("kin unix", "kin", ()), ("kin unix, timeout 5 s", "kin", ("5",)),
            ("raw, waiting", "raw-waiting", ()), ("kin unix, waiting", "kin-waiting", ()),
            ("kin unix, waiting, timeout 5 s", "kin-waiting", ("5",)),
            ("kin loop", "loop", ()), ("kin loop, timeout 5 s", "loop", ("5",)),
            ("raw, nothing there (one call)", "raw-miss", ()),
            ("kin unix, nothing there (one call)", "kin-miss", ())]
    figures = {}
    print(f"{'one send and one receive of 64 bytes':42}{'instructions':>14}{'system calls':>14}")
    for label, mode, more in rows:
        figures[label] = (per_unit(instructions, program, mode, *more),
                          per_unit(system_calls, program, mode, *more))
        print(f"{label:42}{figures[label][0]:14.1f}{figures[label][1]:14.2f}")
    for label in ("kin unix", "kin unix, timeout 5 s"):
        more = (figures[label][0] - figures["raw"][0]) / 2
        BARS.append((f"{label}: instructions more than raw, a call", more, 25))
    for label in list(figures)[:6]:
        if label.startswith("kin"):
            BARS.append((f"{label}: system calls a pair", figures[label][1], 2))
    for label in ("kin loop", "kin loop, timeout 5 s"):
        BARS.append((f"{label}: system calls a pair", figures[label][1], 0))


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
        counts = [count([program, "register"], env) - count([program, "nothing"], env)
                  for count in (instructions, system_calls)]
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
        program, libdir = compile_bench(os.path.abspath(sys.argv[1]), folder)
        exchanges(program)
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
