#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/kin_words.py: what kin says to those who typed something else than they meant.

Needs: unix loop plugins
"""
import json
import os
import socket
import subprocess

import kintest
from kin import KinTest


class NearMisses(KinTest):
    """What was typed, and the end of what is said."""

    def each(self, *pairs):
        for typed, says in pairs:
            with self.subTest(typed=typed):
                self.assertTrue(self.assert_fails(2, "resolve", typed).endswith(says + "\n"))

    def test_texts_without_a_scheme(self):
        self.each(("UNIX:/tmp/x", '"UNIX:/tmp/x" is not an endpoint: did you mean unix:?'),
                  ("unix_dgram:/x", "did you mean unix-dgram:?"),
                  ("Unx:/x", "did you mean unix:?"),
                  ("word", "write SCHEME:ADDRESS[?OPTION=VALUE&...]; `kin families` lists the schemes"))

    def test_schemes(self):
        self.each(("unix-stream:/x", "did you mean one of unix, unix-dgram, unix-seqpacket?"),
                  ("lop:x", "did you mean loop?"))

    def test_families_without_a_scheme_of_their_name(self):
        families = json.loads(self.run_well("families", "--json"))
        for name, schemes in ((each["name"], each["schemes"]) for each in families):
            if name in schemes or len(name) < 6:
                continue
            listed = ", ".join(schemes)
            for verb in "resolve", "listen":
                self.assert_fails(2, verb, name + ":x", says=[
                    f'"{name}" is a family and no scheme; its schemes are {listed}\n'])
            self.assert_fails(2, "doctor", name[:-1], says=[f"the family {name} ({listed})?\n"])

    def test_options(self):
        self.each(("unix:/x?SO_RCVBUF=4096", "is it so.rcvbuf?"),
                  ("unix:/x?Unix_PassCred=1", "is it unix.passcred?"),
                  ("unix:/x?timeout=5", "see kin_socket_set_timeout(), and kin connect --timeout"),
                  ("unix:/x?colour=1", "`kin info unix` lists all"))

    def test_info_says_where_the_others_are(self):
        words = "\nOptions of every socket: kin info so\n"
        self.assertIn(words, self.run_well("info", "unix"))
        self.assertNotIn(words, self.run_well("info", "so"))

    def test_paths_without_a_scheme(self):
        self.each(("/tmp/x.sock", '"/tmp/x.sock" is not an endpoint: did you mean unix:/tmp/x.sock?'),
                  ("../x", "did you mean unix:../x?"),
                  ("@x", "did you mean unix:@x?"))
        for verb in "connect", "listen", "send", "watch":
            operands = ("x",) if verb == "send" else ()
            self.assert_fails(2, verb, "/x", *operands, says=["did you mean unix:/x?"])
        for operands in (("/x", "loop:x"), ("loop:x", "/x")):
            self.assert_fails(2, "relay", *operands, says=["did you mean unix:/x?"])


class Usage(KinTest):
    def test_help_is_a_verb(self):
        self.assertEqual(self.run_well("help"), self.run_well("--help"))
        self.assertEqual(self.run_well("help", "connect"), self.run_well("connect", "--help"))
        self.assert_fails(2, "help", "conect", says=['did you mean "connect"?'])

    def test_options(self):
        self.assert_fails(2, "-v", says=['no such option "-v"; did you mean "-V"?'])
        self.assert_fails(2, "--versoin", says=['did you mean "--version"?'])
        self.assert_fails(2, "connect", "--timeot", "5", "unix:/x",
                          says=["connect: Unknown option --timeot; did you mean --timeout?"])
        self.assert_fails(2, "connect", "--timeot=5", "unix:/x", says=["did you mean --timeout?"])
        self.assert_fails(2, "families", "--jsn", says=["did you mean --json?"])
        self.assert_fails(2, "families", "--frobnicate", says=["; see kin families --help"])
        self.assert_fails(2, "connect", "--timeout", says=["; see kin connect --help"])

    def test_missing_operands(self):
        self.assert_fails(2, "connect", says=["connect: ENDPOINT is missing; usage: kin connect ENDPOINT"])
        self.assert_fails(2, "resolve", says=["resolve: ENDPOINT is missing; usage: "])
        self.assert_fails(2, "relay", "unix:/x", says=["relay: TO is missing; usage: kin relay FROM TO"])
        self.assert_fails(2, "connect", "--timeout", "unix:/x", says=[
            'connect: ENDPOINT is missing (--timeout took "unix:/x" as its value); usage: '])
        self.assert_fails(2, "listen", "-e", "unix:/x", says=['(-e took "unix:/x" as its value)'])
        self.assert_fails(2, "listen", "-k", says=["listen: ENDPOINT is missing; usage"])
        self.assert_fails(2, "listen", "--wait=3", says=["listen: ENDPOINT is missing; usage"])


class Shown(KinTest):
    def test_a_space_at_the_end(self):
        endpoint = f"unix:{self.path('s')} "
        self.assert_fails(1, "connect", endpoint, says=[f'cannot connect to "{endpoint}": '])


class Remove(KinTest):
    """kin says rm only of a socket whose program has ended."""

    def setUp(self):
        super().setUp()
        self.endpoint = "unix:" + self.path("s")
        self.remove = f"; the program that made that path has ended: rm {self.path('s')}\n"

    def bind(self, kind=socket.SOCK_STREAM):
        end = socket.socket(socket.AF_UNIX, kind)
        self.addCleanup(end.close)
        end.bind(self.path("s"))
        return end

    def test_it_has_ended(self):
        for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET:
            self.bind(kind).close()
            for scheme in "unix:", "unix-dgram:", "unix-seqpacket:":
                for verb in "connect", "listen":
                    message = self.assert_fails(1, verb, scheme + self.path("s"))
                    self.assertTrue(message.endswith(self.remove), message)
            os.unlink(self.path("s"))

    def test_it_runs(self):
        for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET:
            self.bind(kind)
            for scheme in "unix:", "unix-dgram:", "unix-seqpacket:":
                message = self.assert_fails(1, "listen", scheme + self.path("s"))
                self.assertTrue(message.endswith("in use; a running program has that path\n"), message)
            os.unlink(self.path("s"))

    def test_it_does_not_notice(self):
        """One that takes a single connection takes none from whoever asks."""
        with subprocess.Popen([kintest.KIN, "listen", self.endpoint], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
            server.stderr.readline()
            self.assert_fails(1, "listen", self.endpoint, says=["a running program has that path"])
            self.assertEqual(kintest.kin("connect", self.endpoint, input="hello").returncode, 0)
            self.assertEqual(server.communicate(timeout=20), ("hello", ""))

    def test_no_socket(self):
        with open(self.path("s"), "w", encoding="utf-8"):
            pass
        os.mkdir(self.path("d"))
        for verb in "connect", "listen":
            self.assert_fails(1, verb, self.endpoint, says=["; that path is a file, not a socket\n"])
            self.assert_fails(1, verb, "unix:" + self.path("d"), says=["is a folder, not a socket\n"])

    def test_no_path(self):
        name = f"unix:@kin-{os.getpid()}-words"
        message = self.assert_fails(1, "connect", name)
        self.assertTrue(message.endswith("; no program listens there\n"), message)

    def test_another_endpoint(self):
        """What is at the source says nothing of the destination."""
        self.bind(socket.SOCK_DGRAM).close()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
            receiver.bind(self.path("to"))
            message = self.assert_fails(1, "connect", "--bind", "unix-dgram:" + self.path("s"),
                                        "unix-dgram:" + self.path("to"))
        self.assertTrue(message.endswith(self.remove), message)


if __name__ == "__main__":
    kintest.main()
