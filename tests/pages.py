#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/pages.py: every kin command that a page shows is one: its verb, its options, its endpoints.

What it prints, the pages' own tests say; here a page that fell behind the tables is found.

Needs: unix loop plugins
"""
import json
import pathlib
import re
import shlex

import kintest

ROOT = pathlib.Path(kintest.SOURCE)
FAMILIES = json.loads(kintest.kin("families", "--json").stdout)
NAMES = {each["name"] for each in FAMILIES} | {"so"}
SCHEMES = {scheme for each in FAMILIES for scheme in each["schemes"]}
# As much of a command line as is kin's own.
COMMAND = re.compile(r"(?m)(?:^|`)(?:[$#] )?kin ((?:'[^'\n]*'|[^`'|<>&;#\n])+)")
# Of another machine.
ABSENT = re.compile("no such (interface|device|controller)|No such device|no such kernel control")


def commands():
    """(page, [word…]) of each."""
    for page in sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("families/*/*.md")]):
        for match in COMMAND.finditer(page.read_text(encoding="utf-8")):
            words = shlex.split(match[1])
            if words and re.fullmatch("[a-z]+", words[0]) and "…" not in match[1]:
                yield str(page.relative_to(ROOT)), words


class Pages(kintest.TestCase):
    def setUp(self):
        self.help = {}

    def options(self, verb):
        if verb not in self.help:
            done = kintest.kin(verb, "--help")
            self.assertEqual(done.returncode, 0, f"no verb {verb}")
            self.help[verb] = set(re.findall(r"(?<![\w-])--?[a-z][a-z0-9-]*", done.stdout))
        return self.help[verb]

    def check_endpoint(self, page, text):
        """A bad one may be shown for what is said of it."""
        done = kintest.kin("resolve", text)
        if done.returncode == 2 and not ABSENT.search(done.stderr):
            shown = " ".join((ROOT / page).read_text(encoding="utf-8").split())
            self.assertIn(done.stderr.strip(), shown)

    def check(self, page, verb, *words):
        known = self.options(verb)
        for word in words:
            if word.startswith("-"):
                self.assertIn(word.split("=")[0], known)
            elif verb in ("info", "doctor") and word.islower():
                self.assertIn(word, NAMES | SCHEMES)
            elif word.split(":")[0] in SCHEMES and ":" in word:
                self.check_endpoint(page, word)

    def test_commands(self):
        shown = list(commands())
        self.assertGreater(len(shown), 20)
        for page, words in shown:
            with self.subTest(page=page, command="kin " + " ".join(words)):
                self.check(page, *words)


if __name__ == "__main__":
    kintest.main()
