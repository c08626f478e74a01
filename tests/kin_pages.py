#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/kin_pages.py: the manual page, by groff; completion, by bash.

Needs: unix loop plugins
"""
import os
import pty
import re
import subprocess

import kintest

PAGE = os.path.join(kintest.BUILD, "tools", "kin.1")
COMPLETION = os.path.join(kintest.SOURCE, "tools", "completion.bash")


def verbs():
    """Each verb with its long options, from what --help says."""
    names = re.findall(r"(?m)^  ([a-z]+) +\S",
                       kintest.kin("--help").stdout.split("Verbs:")[1].split("Options:")[0])
    return {name: re.findall(r"(?m)^  -\w, --([a-z-]+)", kintest.kin(name, "--help").stdout)
            for name in names}


class ManualPage(kintest.TestCase):
    def groff(self, *arguments):
        return subprocess.run(["groff", "-man", "-Tutf8", "-Kutf8", "-ww", *arguments, PAGE],
                              capture_output=True, text=True, check=False)

    def text(self):
        """As read on a terminal, without its bold and underlined letters, in one line."""
        done = self.groff("-P-cbou", "-rLL=200n")
        return re.sub(r"\s+", " ", done.stdout)

    def test_no_warning(self):
        done = self.groff("-z", "-rCHECKSTYLE=3")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_all_that_help_says(self):
        text = self.text()
        for verb, options in verbs().items():
            self.assertIn(f" kin {verb} ", text)
            for option in options:
                if option != "help":
                    self.assertIn(f"--{option}", text)
            help_text = kintest.kin(verb, "--help").stdout
            for line in help_text.split("Examples:\n")[1].splitlines():
                self.assertIn(re.sub(r"\s+", " ", line.strip()), text)
        for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "VERBS", "EXIT STATUS", "ENVIRONMENT"):
            self.assertIn(f" {section} ", text)

    def test_every_variable(self):
        """The sources' environment and the page's are the same."""
        with open(PAGE, encoding="utf-8") as page:
            told = set(re.findall(r"(?m)^\.B ([A-Z_]{4,})$", page.read()))
        asked = set()
        for folder in ("core", "plugins", "tools"):
            for name in os.listdir(os.path.join(kintest.SOURCE, folder)):
                with open(os.path.join(kintest.SOURCE, folder, name), encoding="utf-8") as file:
                    asked |= set(re.findall(r'getenv \("(\w+)"\)', file.read()))
        # A service manager's are for programs that call kin_listen_fds, as kin does not.
        self.assertEqual(told, asked - {"TERM", "LISTEN_FDNAMES"})


class Completion(kintest.TestCase):
    def complete(self, line, point=None):
        """What bash would offer in place of its current word, as readline cuts words."""
        words, at = re.findall(r"[:=]|'[^']*'?|[^\s:=']+", line), len(line) if point is None else point
        if line[:at].endswith(" "):
            words.append("")
        script = 'source "$1"; COMP_LINE=$2 COMP_POINT=$3; shift 3; COMP_WORDS=("$@");' \
                 ' COMP_CWORD=$(($# - 1)); _kin "$KIN"; printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "-c", script, "bash", COMPLETION, line, str(at), *words],
                              capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_verbs(self):
        self.assertEqual(self.complete("kin "), list(verbs()))
        self.assertEqual(self.complete("kin re"), ["relay", "resolve"])
        self.assertEqual(self.complete("kin --v"), ["--version"])
        self.assertEqual(self.complete("kin frob"), [])
        self.assertEqual(self.complete("kin frob x"), [])

    def test_options(self):
        for verb, options in verbs().items():
            offered = self.complete(f"kin {verb} --")
            self.assertEqual(sorted(option.strip("-=") for option in offered), sorted(options))
        self.assertEqual(self.complete("kin relay unix:/x --ke"), ["--keep-open"])
        self.assertEqual(self.complete("kin send unix:/x -- --"), [])

    def test_endpoints(self):
        self.assertEqual(self.complete("kin connect un"), ["unix:", "unix-dgram:", "unix-seqpacket:"])
        self.assertEqual(self.complete("kin relay unix:/x lo"), ["loop:", "loop-dgram:"])
        self.assertEqual(self.complete("kin relay unix:/x unix:/y un"), [])
        self.assertEqual(self.complete("kin resolve unix:/x unix:/y unix-d"), ["unix-dgram:"])
        self.assertEqual(self.complete("kin connect --timeout 5 unix-d"), ["unix-dgram:"])
        self.assertEqual(self.complete("kin connect --timeout un"), [])
        self.assertEqual(self.complete("kin connect --bind unix-d"), ["unix-dgram:"])
        self.assertEqual(self.complete("kin connect -b unix-d"), ["unix-dgram:"])
        self.assertEqual(self.complete("kin connect --bind=unix-d"), ["unix-dgram:"])
        self.assertEqual(self.complete("kin send unix:/x un"), [])

    def test_options_of_endpoints(self):
        """From the tables of the one family; its own, and those of every socket."""
        self.assertEqual(self.complete("kin connect unix:/x?unix.passc"), ["/x?unix.passcred="])
        self.assertEqual(self.complete("kin connect loop:x?loop."), ["x?loop.capacity="])
        self.assertEqual(self.complete("kin connect loop:x?unix."), [])
        self.assertEqual(self.complete("kin connect unix:/x?so.reuse"),
                         ["/x?so.reuseaddr=", "/x?so.reuseport="])
        self.assertEqual(self.complete("kin connect unix:/x?so.keepalive="), ["0", "1"])
        self.assertEqual(self.complete("kin connect unix:/x?so.rcvb"),
                         ["/x?so.rcvbuf=", "/x?so.rcvbufforce="])
        self.assertEqual(self.complete("kin connect 'unix:/x?so.keepalive=1&so.linge"),
                         ["unix:/x?so.keepalive=1&so.linger="])
        self.assertEqual(self.complete("kin connect unx:/x?so."), [])

    def test_names(self):
        self.assertEqual(self.complete("kin doctor un"), ["unix"])
        self.assertEqual(self.complete("kin doctor unix lo"), ["loop"])
        self.assertIn("unix-dgram", self.complete("kin info unix"))
        self.assertEqual(self.complete("kin interfaces lo"), ["lo"])

    def test_in_the_middle_of_a_line(self):
        self.assertEqual(self.complete("kin resol", point=5), ["relay", "resolve"])

    def test_by_the_tabulator(self):
        """As a person has it: an interactive bash on a terminal."""
        master, slave = pty.openpty()
        environment = {**os.environ, "PS1": "", "INPUTRC": "/dev/null", "HISTFILE": "", "TERM": "dumb",
                       "PATH": os.path.dirname(kintest.KIN) + ":" + os.environ["PATH"]}
        bash = subprocess.Popen(["bash", "--norc", "--noprofile", "-i"], stdin=slave, stdout=slave,
                                stderr=slave, env=environment, start_new_session=True)
        os.close(slave)
        os.write(master, f"source {COMPLETION}\nkin resol\tunix-seq\t/x\nexit\n".encode())
        text = b""
        try:
            while data := os.read(master, 4096):
                text += data
        except OSError:   # the terminal's other side is closed
            pass
        os.close(master)
        bash.wait(20)
        self.assertIn("unix-seqpacket:/x  '/x'  unix", text.decode())


if __name__ == "__main__":
    kintest.main()
