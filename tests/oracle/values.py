# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/oracle/values.py: the form in which tests/values.h gives values to the oracles."""


def build(words):
    word = next(words)
    kind, rest = word[0], word[1:]
    if kind == "i":
        return int(rest)
    if kind == "s":
        return bytes.fromhex(rest).decode("utf-8")
    if kind == "b":
        return bytes.fromhex(rest)
    if kind in "([":
        items = [build(words) for _ in range(int(rest))]
        return tuple(items) if kind == "(" else items
    if kind == "{":
        return {build(words): build(words) for _ in range(int(rest))}
    return {"t": True, "f": False, "n": None}[kind]
