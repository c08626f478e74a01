#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/kin_logs.py: datagrams as a field writes them, and its logs: kin watch --log, kin send --replay.

The fixture twin-a has such a writing: "say:hello" is the datagram "hello".

Needs: unix plugins
"""
import os
import re
import shutil
import socket
import time

import kintest
from kin_bytes import BytesTest


class LogsTest(BytesTest):
    def setUp(self):
        super().setUp()
        plugins = os.path.join(kintest.FIXTURES, "twins")
        self.more = {"env": {**os.environ, "KIN_PLUGIN_PATH": plugins}}
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        self.file = os.path.join(self.folder, "log")

    def bind(self, name):
        end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(end.close)
        end.settimeout(20)
        end.bind(name)
        return end

    def watch(self, *arguments):
        process = self.kin("watch", *arguments, **self.more)
        self.assertRegex(process.stderr.readline().decode(), r"\Akin: listening on \S+\n\Z")
        return process

    def send(self, *arguments, code=0, **more):
        done = kintest.kin("send", *arguments, **{**self.more, **more})
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        if code:
            self.assertRegex(done.stderr, r"\Akin: [^\n]+\n\Z")
        return done.stderr

    def log(self, text):
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)
        return self.file


class Compose(LogsTest):
    def test_as_it_is_typed(self):
        server = self.bind("a1")
        self.send("twin-a:a1", "say:hello", "say:")
        self.send("--hex", "twin-a:a1", "6869")
        self.send("--lines", "twin-a:a1", input="say:one\nsay:two\n")
        self.send("twin-a:a1", input="as it is\n")
        self.assertEqual([server.recv(100) for _ in range(6)],
                         [b"hello", b"", b"hi", b"one", b"two", b"as it is\n"])

    def test_not_so(self):
        """Nothing is sent where one of several is wrong."""
        server = self.bind("a1")
        message = self.send("twin-a:a1", "say:one", "hello", code=2)
        self.assertEqual(message, 'kin: "hello" is no datagram of twin-a: "say:" comes first, as in '
                                  'say:hello\n')
        server.setblocking(False)
        self.assertRaises(BlockingIOError, server.recv, 100)

    def test_info_shows_it(self):
        done = kintest.kin("info", "twin-a", **self.more)
        self.assertIn("\n  datagram  say:hello\n", done.stdout)
        done = kintest.kin("info", "--json", "twin-a", **self.more)
        self.assertIn('"datagram": "say:hello"', done.stdout.replace('":"', '": "'))

    def test_all_kinds_are_let_through(self):
        """By the row's watch_options, the endpoint's own before them; an old kernel lacks one."""
        if kintest.SANITIZE or not shutil.which("strace"):
            self.skipTest("no leak check runs under strace")
        for endpoint, priorities in (("a1", ["3"]), ("a2?so.priority=5", ["5"])):
            trace = os.path.join(self.folder, "trace")
            process = self.start("strace", "-f", "-o", trace, "-e", "trace=setsockopt", kintest.KIN,
                                 "watch", "--count=1", "twin-a:" + endpoint, **self.more)
            process.stderr.readline()
            self.send("twin-a:" + endpoint.partition("?")[0], "say:x")
            self.finish(process)
            with open(trace, encoding="utf-8") as file:
                self.assertEqual(re.findall(r"SO_PRIORITY, \[(\d+)\]", file.read()), priorities)


class Ask(LogsTest):
    """A family whose sockets answer is can, see tests/families/can_protocols.py."""

    def test_not_so(self):
        for arguments, code, says in ((("--send=x", "twin-a:a1"), 2, '"x" is no datagram of twin-a'),
                                      (("--send=say:x", "twin-a:a1"), 1, "cannot send"),
                                      (("--send", "x", "unix-dgram:a1"), 1, "cannot send")):
            self.assertRefused(code, says, "watch", *arguments, **self.more)
            if os.path.exists("a1"):
                os.unlink("a1")   # the path is no unix: one, so the command does not know it
                self.assertTrue(arguments[1].startswith("twin"))

    def test_stays(self):
        server = self.bind("a1")
        started = time.monotonic()
        self.send("--wait=0.3", "twin-a:a1", "say:x")
        self.assertGreaterEqual(time.monotonic() - started, 0.3)
        self.assertEqual(server.recv(100), b"x")


class Log(LogsTest):
    def test_text(self):
        process = self.watch("--log", "--count=3", "twin-a:a1")
        sender = self.bind("a2")
        before = time.time()
        for data in b"hello", b"\033[31m", b"bell\a":
            sender.sendto(data, "a1")
        out, err = self.finish(process)
        self.assertEqual(err, "kin: 5 bytes have no line in a log\n")
        match = re.fullmatch(r"\((\d{10}\.\d{6})\) a2 say:hello\n\(\d{10}\.\d{6}\) a2 say:bell\\x07\n",
                             out.decode())
        self.assertTrue(match, out)
        self.assertTrue(before - 0.001 <= float(match[1]) <= time.time(), match[1])

    def test_and_back(self):
        """What one end logged the other sends again, to where it came from or elsewhere."""
        process = self.watch("-L", "--count=2", "twin-a:a1")
        for name in "a2", "a3":
            with self.bind(name) as sender:
                sender.sendto(b"from " + name.encode(), "a1")
            os.unlink(name)
        out, _ = self.finish(process)
        ends = [self.bind(name) for name in ("a1", "a2", "a3")]
        self.send("--replay", self.log(out.decode()), "twin-a:a1")
        self.send("--replay=-", "twin-a:", input=out.decode())
        self.assertEqual([ends[i].recv(100) for i in (0, 0, 1, 2)],
                         [b"from a2", b"from a3", b"from a2", b"from a3"])
        nobody = self.send("--replay=-", "twin-a:", input="(1.0) b1 say:x\n", code=2)
        self.assertIn("line 1 of -: ", nobody)

    def test_wrong_usage(self):
        for arguments, says in ((("--log", "--json", "twin-a:a1"), "--json"),
                                (("--log", "--time=none", "twin-a:a1"), "--time"),
                                (("--log", "unix-dgram:a1"), "unix-dgram")):
            done = kintest.kin("watch", *arguments, **self.more)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertRegex(done.stderr, r"\Akin: [^\n]+\n\Z")
            self.assertIn(says, done.stderr)
            self.assertFalse(os.path.exists("a1"))


class Replay(LogsTest):
    LINES = "(100.000000) a1 say:one\n\n(100.300000) a1  say:two\n(0100.2) a1 say:three\r\n"

    def test_timing(self):
        """Never early; what is out of order at once."""
        server = self.bind("a1")
        process = self.kin("send", "--replay", self.log(self.LINES), "twin-a:a1", **self.more)
        times = {}
        for _ in range(3):
            data = server.recv(100)
            times[data] = time.monotonic()
        self.finish(process)
        self.assertEqual(list(times), [b"one", b"two", b"three"])
        self.assertTrue(0.25 <= times[b"two"] - times[b"one"] < 3, times)
        self.assertLess(times[b"three"] - times[b"two"], 3)

    def test_its_own_pace(self):
        server = self.bind("a1")
        log = self.log("(1.5) a1 say:x\n(1000000.5) a1 say:y\n")
        started = time.monotonic()
        self.send("--interval=0.1", "--count=2", "--replay", log, "twin-a:a1")
        self.assertGreaterEqual(time.monotonic() - started, 0.2)
        self.assertEqual([server.recv(100) for _ in range(4)], [b"x", b"y"] * 2)

    def test_bad_lines(self):
        """They are named, and nothing was sent."""
        server = self.bind("a1")
        good = "(1.0) a1 say:x\n"
        for bad, says in (("1.0 a1 say:x", "(1436509052.249713) a1 say:hello"), ("(1.0 a1 say:x", "log,"),
                          ("() a1 say:x", "line 2"), ("(1.0) say:x", "line 2"), ("(1.0) a1 ", "line 2"),
                          ("(1.0) a1 x", '"say:" comes first')):
            message = self.send("--replay", self.log(good + bad + "\n" + good), "twin-a:a1", code=2)
            self.assertIn("line 2 of ", message)
            self.assertIn(says, message)
        server.setblocking(False)
        self.assertRaises(BlockingIOError, server.recv, 100)

    def test_from_a_pipe(self):
        """Each is sent as it comes."""
        server = self.bind("a1")
        process = self.kin("send", "--replay=-", "twin-a:a1", **self.more)
        for word in b"one", b"two":
            process.stdin.write(b"(5.0) a1 say:" + word + b"\n")
            process.stdin.flush()
            self.assertEqual(server.recv(100), word)
        process.stdin.close()
        self.assertEqual((process.wait(20), process.stderr.read()), (0, b""))
        self.assertIn("--count", self.send("--count=2", "--replay=-", "twin-a:a1", input="", code=2))

    def test_wrong_usage(self):
        self.bind("a1")
        log = self.log("")
        for arguments, says in ((("twin-a:a1", "say:x"), "say:x"), (("--hex", "twin-a:a1"), "--hex"),
                                (("--lines", "twin-a:a1"), "--lines"),
                                (("--file=x", "twin-a:a1"), "--file"), (("unix-dgram:a1",), "unix-dgram")):
            self.assertIn(says, self.send("--replay", log, *arguments, code=2))
        self.assertIn("No such file", self.send("--replay", "nope", "twin-a:a1", code=1))


if __name__ == "__main__":
    kintest.main()
