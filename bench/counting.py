# SPDX-License-Identifier: LGPL-2.1-or-later
"""counting.py: compiles the programs that are measured, and counts what they take.

No clock is read. What a unit takes is the difference of two processes that do different numbers of
them: the start cancels out.
"""
import os
import re
import subprocess
import tempfile

WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wconversion"]


def find_kin(prefix):
    """Lets pkg-config find the library installed in prefix; returns the folder that it is in."""
    for folder, _, names in os.walk(prefix):
        if "kin-1.pc" in names:
            os.environ["PKG_CONFIG_PATH"] = folder
            return os.path.dirname(folder)
    raise FileNotFoundError(f"no kin-1.pc in {prefix}")


def has_package(package):
    return subprocess.run(["pkg-config", "--exists", package], check=False).returncode == 0


def compile_program(source, packages, folder):
    """From a source in this folder and packages of pkg-config. Its path."""
    here = os.path.dirname(os.path.abspath(__file__))
    flags = []
    if packages:
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", *packages], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.split()
    folders = [f"-Wl,-rpath,{flag[2:]}" for flag in flags if flag.startswith("-L")]
    program = os.path.join(folder, os.path.splitext(os.path.basename(source))[0])
    # All is bound at the start: not in the midst of what is counted.
    subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-O2", *WARNINGS, "-Wl,-z,now", "-o", program,
                    os.path.join(here, source), *flags, *folders], check=True)
    return program


def instructions(command, env=None):
    """By callgrind: of the children that it forks, in the order they end, and its own, the last.

    A child's count goes on from its parent's.
    """
    run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                          *command], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                         env=env, check=False)
    if run.returncode:
        raise RuntimeError(f"{' '.join(command)}: {run.stderr}")
    return [int(number) for number in re.findall(r"Collected : (\d+)", run.stderr)]


def system_calls(command, env=None):
    """By strace: of the children that it forks, in the order they begin, and its own, the last.

    Programs that these run are let go.
    """
    with tempfile.NamedTemporaryFile("r") as file:
        subprocess.run(["strace", "-f", "--detach-on=execve", "-qq", "-o", file.name, *command],
                       check=True, env=env, stdout=subprocess.DEVNULL)
        trace = file.read()
    own = trace.split(maxsplit=1)[0]
    children = re.findall(rf"(?m)^{own} .*\b(?:clone3?|v?fork)\b.* = (\d+)$", trace)
    return [len(re.findall(rf"(?m)^{process} +[a-z]", trace)) for process in [*children, own]]
