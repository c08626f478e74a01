#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/totals.py: scripts/tap-totals, by which scripts/test counts: a case that it lost, passed."""
import os
import subprocess
import tempfile

import kintest

LOG = """\
test 1
1: 1..3
1: ok 1 - first
1: not ok 2 - second
1: # why it failed
1: not ok 3 # SKIP third
1/2 Test #1: test-c ...........................***Failed    0.01 sec
test 2
2: ok 1 - A.test_one # SKIP the kernel has it not
2: ok 2 - A.test_two
2: 1..2
2/2 Test #2: python ...........................   Passed    0.10 sec
"""

ALL_KNOWN = "test-c second: x\ntest-c third: x\npython A.test_one: x\n"


class Totals(kintest.TestCase):
    def count(self, log=LOG, known=None, options=()):
        """What it writes: the lines before the totals, and the totals."""
        with tempfile.TemporaryDirectory() as folder:
            words = [*options]
            for name, text in (("log", log), ("known", known)):
                if text is not None:
                    words.append(os.path.join(folder, name))
                    with open(words[-1], "w", encoding="utf-8") as file:
                        file.write(text)
            done = subprocess.run([os.path.join(kintest.SOURCE, "scripts/tap-totals"), *words],
                                  capture_output=True, text=True, check=True, timeout=30)
        *lines, totals = done.stdout.replace(folder + "/", "").splitlines()
        return [line for line in lines if not line.startswith("    |")], totals

    def test_cases(self):
        self.assertEqual(self.count(), (
            ["  FAILED test-c: second", "  skipped test-c: third",
             "  skipped python: A.test_one: the kernel has it not"], "2 1 2"))

    def test_bad_ends(self):
        for log, problem in (
                (LOG.replace("1..3", "1..4"), "3 cases of 4; Failed"),
                (LOG.replace("1: not ok 2 - second\n", ""), "2 cases of 3; Failed"),
                (LOG.replace("not ok 2", "ok 2"), "Failed"),
                (LOG.replace("***Failed ", "***Timeout").replace("1..3", "1..9"),
                 "3 cases of 9; Timeout"),
                (LOG + "test 3\n3/3 Test #3: none ....   Passed    0.01 sec\n", "ran no case")):
            lines, totals = self.count(log)
            self.assertTrue(any(line.endswith(": " + problem) for line in lines), (problem, lines))
            self.assertNotEqual(totals.split()[1], "0")

    def test_known(self):
        lines, totals = self.count(known="# a comment\n\ntest-c second: no such kernel\n"
                                         "test-c third: it has it not\n"
                                         "python A.test_one: another reason\ntest-x *: it hangs\n")
        self.assertEqual(totals, "2 0 4")
        self.assertIn("  skipped test-c: second: no such kernel", lines)
        self.assertIn("  skipped python: A.test_one: another reason", lines)
        self.assertIn("  skipped test-x: it hangs", lines)

    def test_known_and_not_so(self):
        for known, wrong in (("test-c first: x", "first passed"),
                             ("test-c tenth: x", "tenth is no case of it"),
                             ("test-x first: x", "first did not run"),
                             ("python *: x", "* did run")):
            lines, totals = self.count(known=f"{ALL_KNOWN}{known}\n")
            self.assertEqual(totals, "2 1 3", known)
            self.assertIn(f"  FAILED {known.split()[0]}: {wrong}, but known says: x", lines)

    def test_known_and_worse(self):
        """A known case does not excuse that the test died after it."""
        for log in (LOG.replace("***Failed ", "***Exception: SegFault"),
                    LOG.replace("1..3", "1..4")):
            lines, totals = self.count(log, ALL_KNOWN)
            self.assertEqual(totals, "2 1 3", lines)

    def test_skipped_and_not_known(self):
        known = "test-c second: x\ntest-c third: x\n"
        self.assertEqual(self.count(known=known)[1], "2 0 3")
        lines, totals = self.count(known=known, options=["--all"])
        self.assertEqual(totals, "2 1 2")
        self.assertIn("  FAILED python: A.test_one, skipped: the kernel has it not", lines)


if __name__ == "__main__":
    kintest.main()
