#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""check.py GIR LIBRARY: every function that the library exports is described in what g-ir-scanner
wrote: by a sentence, or by what it returns; and so is each of its arguments but the error."""
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

CORE = "{http://www.gtk.org/introspection/core/1.0}"
C = "{http://www.gtk.org/introspection/c/1.0}"


def is_described(node):
    return node is not None and node.find(CORE + "doc") is not None


def faults_of(function):
    if not is_described(function) and not is_described(function.find(CORE + "return-value")):
        yield "has no description"
    for parameter in function.iter(CORE + "parameter"):
        if not is_described(parameter):
            yield f"says nothing of {parameter.get('name')}"


def main():
    gir, library = sys.argv[1:]
    described = {node.get(C + "identifier"): node for node in ElementTree.parse(gir).iter()
                 if node.get(C + "identifier")}
    lines = subprocess.run(["nm", "-D", "--defined-only", "--format=posix", library], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    exported = {line.split()[0] for line in lines if line.startswith("kin_")}
    faults = [f"{name} is in no page" for name in sorted(exported - set(described))]
    for name in sorted(exported & set(described)):
        faults += [f"{name} {fault}" for fault in faults_of(described[name])]
    print(f"{len(exported)} functions")
    sys.exit("\n".join(faults) or (0 if exported else "the library exports nothing"))


if __name__ == "__main__":
    main()
