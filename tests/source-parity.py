#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/source-parity.py: docs/python.md says what each row of Python's socket documentation is in
Kin, and tests/parity has a test of its name."""
import collections
import os
import pathlib
import re

import kintest

ROOT = pathlib.Path(os.environ.get("KIN_SOURCE", pathlib.Path(__file__).parents[1]))
LINE = re.compile(r"\| `(.+?)` \| (.*?) ?\| (.*?) ?\|")
TEST = re.compile(r'(?:ROW|CASES) \(\s*"((?:[^"\\]|\\.)*)"')


def rows():
    """{"area: row": (what it is in Kin, notes)} of the page."""
    found, area = {}, None
    for line in (ROOT / "docs/python.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            area = line[3:]
        elif match := LINE.fullmatch(line.replace("\\|", "\0")):
            name, kin, notes = (part.replace("\0", "|") for part in match.groups())
            found[f"{area}: {name}"] = kin, notes
    return found


def tests():
    """How many tests there are of each name."""
    names = collections.Counter()
    for path in (ROOT / "tests/parity").glob("*.c"):
        names.update(name.replace('\\"', '"').replace("\\\\", "\\")
                     for name in TEST.findall(path.read_text(encoding="utf-8")))
    return names


class Parity(kintest.TestCase):
    maxDiff = None

    def test_page_is_whole(self):
        self.assertEqual(len(rows()), 321)
        self.assertEqual([name for name, (kin, _) in rows().items() if not kin], [])

    def test_each_row_has_its_test(self):
        named = {name for name, (kin, _) in rows().items() if kin not in ("", "—")}
        self.assertEqual(sorted(named - set(tests())), [])

    def test_each_test_has_its_row(self):
        named = {name for name, (kin, _) in rows().items() if kin not in ("", "—")}
        self.assertEqual(sorted(set(tests()) - named), [])

    def test_no_row_is_tested_twice(self):
        self.assertEqual([name for name, n in tests().items() if n > 1], [])

    def test_what_is_not_there_has_a_reason(self):
        self.assertEqual([name for name, (kin, notes) in rows().items()
                          if kin == "—" and not notes], [])


if __name__ == "__main__":
    kintest.main()
