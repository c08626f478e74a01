#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/families/loop.py: what the kin command can do with a family that ends at its process.

Needs: loop plugins
"""
import json

import kintest


class Loop(kintest.TestCase):
    def test_names(self):
        longest = "n" * 107
        names = [["loop:hello", "'hello'"], ["loop:", "''"], ["loop-dgram:a%25b,c", "'a%b,c'"],
                 ["loop:" + longest, f"'{longest}'"]]
        done = kintest.kin("resolve", *(text for text, _ in names))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([line.split()[:2] for line in done.stdout.splitlines()], names)

    def test_bad_names(self):
        for rest in "n" * 108, "a%00b":
            done = kintest.kin("resolve", "loop:" + rest)
            self.assertEqual((done.returncode, len(done.stderr.splitlines())), (2, 1), done.stderr)

    def test_nobody_is_there(self):
        done = kintest.kin("connect", "loop:hello")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no socket of this process has that name", done.stderr)

    def test_round_trip(self):
        done = kintest.kin("doctor", "loop", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([row["state"] for row in json.loads(done.stdout)], ["ok"])

    def test_options(self):
        done = kintest.kin("info", "loop")
        self.assertIn("loop.capacity", done.stdout)
        self.assertIn("loop.pending", done.stdout)


if __name__ == "__main__":
    kintest.main()
