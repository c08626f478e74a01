#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/kin_watch.py: kin watch and kin send, with Python's socket module, socat and each other.

Needs: unix loop plugins
"""
import json
import os
import pty
import re
import signal
import socket
import subprocess
import time

import kintest
from kin_bytes import LARGE, BytesTest, digest, read_to_end

DATAGRAM, PACKETS = socket.SOCK_DGRAM, socket.SOCK_SEQPACKET


class Watch(BytesTest):
    def setUp(self):
        super().setUp()
        self.here = "unix-dgram:" + self.path

    def watch(self, *options, **more):
        process = self.kin("watch", *options, more.pop("endpoint", self.here), **more)
        self.assertRegex(process.stderr.readline().decode(), r"\Akin: listening on \S+\n\Z")
        return process

    def sender(self, name=None):
        sender = socket.socket(socket.AF_UNIX, DATAGRAM)
        self.addCleanup(sender.close)
        if name is not None:
            sender.bind(name)
        sender.connect(self.path)
        return sender

    def test_text(self):
        process = self.watch("--count", "3", "--time", "none")
        self.sender().send(b"hello")
        self.sender("\0kin-watch-%d" % os.getpid()).send(bytes(range(20)) + b"\x7f|\xff")
        self.sender().send(b"")
        out, _ = self.finish(process)
        self.assertEqual(out.decode(), f"""\
(no name) 5 bytes
  0000  68 65 6c 6c 6f                                   |hello|
unix-dgram:@kin-watch-{os.getpid()} 23 bytes
  0000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  |................|
  0010  10 11 12 13 7f 7c ff                             |.....|.|
(no name) 0 bytes
""")
        self.assertFalse(os.path.exists(self.path))

    def test_each_is_shown_at_once(self):
        process = self.watch("--time", "none")
        self.sender().send(b"x")
        self.assertEqual(process.stdout.readline(), b"(no name) 1 bytes\n")
        self.interrupt(process)
        self.assertFalse(os.path.exists(self.path))

    def test_times(self):
        """The kernel's: when it came, not when it was read."""
        process = self.watch("--count", "2", "--json")
        process.send_signal(signal.SIGSTOP)
        before = time.time()
        self.sender().send(b"x")
        after = time.time()
        time.sleep(0.3)
        self.sender().send(b"y")
        process.send_signal(signal.SIGCONT)
        out, _ = self.finish(process)
        first, second = (float(json.loads(line)["time"]) for line in out.splitlines())
        self.assertTrue(before - 0.001 <= first <= after + 0.001, (before, first, after))
        self.assertGreaterEqual(second, first + 0.3)

    def test_forms_of_time(self):
        for form, pattern in (("clock", r"\d\d:\d\d:\d\d\.\d{6} "), ("unix", r"1\d{9}\.\d{9} "),
                              ("delta", r"\+\d+\.\d{6} "), ("none", "")):
            process = self.watch("--count", "1", "--time", form)
            self.sender().send(b"x")
            out, _ = self.finish(process)
            self.assertRegex(out.decode().splitlines()[0], rf"\A{pattern}\(no name\) 1 bytes\Z")

    def test_json(self):
        process = self.watch("--json", "--count", "2")
        self.sender("\0kin-watch-%d" % os.getpid()).send(b"\0\xffz")
        self.sender().send(b"")
        out, _ = self.finish(process)
        first, second = map(json.loads, out.splitlines())
        self.assertRegex(first.pop("time"), r"\A\d+\.\d{9}\Z")
        self.assertEqual(first, {"from": f"unix-dgram:@kin-watch-{os.getpid()}", "length": 3,
                                 "dropped": 0, "cut": False, "data": "00ff7a", "text": None})
        self.assertEqual((second["from"], second["length"], second["data"]), (None, 0, ""))

    def test_timeout(self):
        """No failure, unless some were still to come."""
        for options, code, says in (((), 0, ""), (("--count", "2"), 1, "timed out\n")):
            process = self.watch("--timeout", "0.3", *options)
            started = time.monotonic()
            self.sender().send(b"x")
            _, err = self.finish(process, code=code)
            self.assertGreaterEqual(time.monotonic() - started, 0.3)
            self.assertTrue(err.endswith(says), err)

    def test_a_family_without_the_kernel(self):
        """It has neither times nor drops, and nobody sends to another process's loop."""
        process = self.watch("--timeout", "0.2", endpoint="loop-dgram:x")
        self.assertEqual(self.finish(process), (b"", ""))

    def test_the_familys_own_line(self):
        """The fixtures twin-a and twin-b have one; what they cannot say is dumped."""
        plugins = os.path.join(kintest.FIXTURES, "twins")
        process = self.watch("--count", "3", "--time", "none", endpoint="twin-a:a1", cwd=self.folder,
                             env={**os.environ, "KIN_PLUGIN_PATH": plugins})
        self.path = os.path.join(self.folder, "a1")
        self.sender("\0kin-twin-%d" % os.getpid()).send(b"hello")
        self.sender().send(b"\033[31m")
        self.sender().send(b"bell\a")
        out, _ = self.finish(process)
        self.assertEqual(out.decode(), "somebody says hello\n(no name) 5 bytes\n"
                         "  0000  1b 5b 33 31 6d                                   |.[31m|\n"
                         "nobody says bell\\x07\n")

    def test_colours(self):
        """On a terminal alone, and not where NO_COLOR is set."""
        for environment, has_colours in (({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False),
                                         ({"TERM": "dumb"}, False)):
            master, slave = pty.openpty()
            process = self.watch("--count", "1", stdout=slave,
                                 env={**os.environ, "TERM": "xterm", **environment})
            os.close(slave)
            self.sender().send(b"x")
            text = b""
            try:
                while data := os.read(master, 4096):
                    text += data
            except OSError:   # the terminal's other side is closed
                pass
            os.close(master)
            self.assertEqual(b"\033[" in text, has_colours, environment)
            self.assertEqual(process.wait(20), 0)

    def test_the_reader_has_gone(self):
        process = self.watch()
        process.stdout.close()
        self.sender().send(b"x")
        self.assertEqual(process.wait(20), 1)
        self.assertEqual(process.stderr.read(), b"")

    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            process = self.watch(stdout=full)
        self.sender().send(b"x")
        self.assertEqual(process.wait(20), 1)
        self.assertEqual(process.stderr.read(),
                         b"kin: cannot write to the standard output: No space left on device\n")
        self.assertFalse(os.path.exists(self.path))

    def test_wrong_usage(self):
        for arguments, says in (((self.here + "?so.frobnicate=1",), "so.frobnicate"),
                                (("unix:" + self.path,), "kin listen"),
                                (("--count", "0", self.here), "--count"),
                                (("--count", "x", self.here), "--count"),
                                (("--time", "noon", self.here), "--time"),
                                (("--timeout", "-1", self.here), "--timeout"), ((), "usage")):
            done = kintest.kin("watch", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertRegex(done.stderr, r"\Akin: [^\n]+\n\Z")
            self.assertIn(says, done.stderr)
            self.assertFalse(os.path.exists(self.path))


class Send(BytesTest):
    def send(self, *arguments, code=0, **more):
        done = kintest.kin("send", *arguments, **more)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        return done.stderr

    def received(self, server, n):
        return [server.recv(1 << 18) for _ in range(n)]

    def test_datagrams(self):
        server, there = self.serve(DATAGRAM), "unix-dgram:" + self.path
        self.send(there, "hello", "", "two words", "ünï")
        self.assertEqual(self.received(server, 4), [b"hello", b"", b"two words", "ünï".encode()])
        self.send(there, "--", "-x", "--", "--count")
        self.assertEqual(self.received(server, 3), [b"-x", b"--", b"--count"])

    def test_input(self):
        server, there = self.serve(DATAGRAM), "unix-dgram:" + self.path
        self.send(there, input="one\ntwo\n")
        self.send("--lines", there, input="one\n\ntwo")
        self.send(there)
        file = os.path.join(self.folder, "file")
        with open(file, "wb") as output:
            output.write(bytes(range(256)))
        self.send("--file", file, there)
        self.assertEqual(self.received(server, 6),
                         [b"one\ntwo\n", b"one", b"", b"two", b"", bytes(range(256))])

    def test_hex(self):
        server, there = self.serve(DATAGRAM), "unix-dgram:" + self.path
        self.send("--hex", there, "DEADbeef", "", "de:ad be-ef.00")
        self.send("--hex", there, input="00\nff ff\n")
        self.assertEqual(self.received(server, 5),
                         [b"\xde\xad\xbe\xef", b"", b"\xde\xad\xbe\xef\0", b"\0", b"\xff\xff"])
        for bad in ("d", "xy", "de:", "de::ad", "0xff"):
            self.assertIn(f'"{bad}"', self.send("--hex", there, bad, code=2))

    def test_count_and_interval(self):
        server, there = self.serve(DATAGRAM), "unix-dgram:" + self.path
        started = time.monotonic()
        self.send("--count", "2", "--interval", "0.1", there, "a", "b")
        self.assertGreaterEqual(time.monotonic() - started, 0.3)
        self.assertEqual(self.received(server, 4), [b"a", b"b", b"a", b"b"])
        process = self.kin("send", "--count=0", there, "x")
        self.assertEqual(self.received(server, 100), [b"x"] * 100)
        self.interrupt(process)

    def test_to_watch(self):
        process = self.kin("watch", "--count", "2", "--time=none", "unix-dgram:" + self.path)
        process.stderr.readline()
        name = os.path.join(self.folder, "name")
        self.send("--bind", "unix-dgram:" + name, "unix-dgram:" + self.path, "x")
        self.assertFalse(os.path.exists(name))
        self.send("--bind", "unix-dgram:", "unix-dgram:" + self.path, "x")
        out, _ = self.finish(process)
        self.assertEqual(out.decode().splitlines()[0], f"unix-dgram:{name} 1 bytes")
        self.assertRegex(out.decode().splitlines()[2], r"\Aunix-dgram:@[0-9a-f]{5} 1 bytes\Z")

    def test_a_stream(self):
        """From arguments, and a file larger than what waits in the kernel."""
        file = os.path.join(self.folder, "file")
        with open(file, "wb") as output:
            output.write(LARGE)
        for arguments, expected in ((("a", "", "bc"), b"abc"), (("--count=3", "ab"), b"ababab"),
                                    (("--file", file), LARGE)):
            server = self.serve()
            process = self.kin("send", "unix:" + self.path, *arguments)
            self.assertEqual(digest(read_to_end(self.accept(server))), digest(expected))
            self.finish(process)
            os.unlink(self.path)

    def test_a_stream_that_answers(self):
        """An echo stops reading when its answers are not read."""
        file = os.path.join(self.folder, "file")
        with open(file, "wb") as output:
            output.write(LARGE)
        self.start("socat", "UNIX-LISTEN:" + self.path, f"SYSTEM:tee {self.folder}/got")
        self.eventually(lambda: os.path.exists(self.path))
        self.send("--file", file, "unix:" + self.path)
        with open(os.path.join(self.folder, "got"), "rb") as got:
            self.assertEqual(digest(got.read()), digest(LARGE))

    def test_a_peer_that_does_not_end(self):
        """However much it says."""
        server = self.serve()
        process = self.kin("send", "--wait", "0.3", "unix:" + self.path, "x")
        connection = self.accept(server)
        self.assertEqual(read_to_end(connection), b"x")
        with self.assertRaises((BrokenPipeError, ConnectionResetError)):
            while True:
                connection.send(b"so much to say")
        self.finish(process)

    def test_packets(self):
        server = self.serve(PACKETS)
        process = self.kin("send", "unix-seqpacket:" + self.path, "one", "two")
        connection = self.accept(server)
        self.assertEqual(self.received(connection, 3), [b"one", b"two", b""])
        connection.close()
        self.finish(process)

    def test_a_stream_that_nobody_reads(self):
        server = self.serve()
        process = self.kin("send", "--count", "0", "unix:" + self.path, "x" * 100)
        self.accept(server).close()
        _, err = self.finish(process, code=1)
        self.assertRegex(err, r"\Akin: cannot send to [^\n]+\n\Z")

    def test_failures(self):
        self.assertIn("No such file", self.send("unix-dgram:" + self.path, "x", code=1))
        self.assertIn("No such file", self.send("--file", self.path, "unix-dgram:/x", code=1))
        self.serve(DATAGRAM)
        self.assertIn("so.sndbuf", self.send("unix-dgram:" + self.path, input="x" * 1_000_000, code=1))
        full = self.send("--timeout", "0.3", "--count", "0", "unix-dgram:" + self.path, "x", code=1)
        self.assertIn("timed out", full)

    def test_wrong_usage(self):
        there = "unix-dgram:" + self.path
        for arguments in ((), ("unx:/x", "x"), ("unix:/x?so.x=1", "x"), ("--count=x", there, "x"),
                          ("--interval=-1", there, "x"), ("--file=f", there, "x"),
                          ("--bind=unix:", there, "x"), ("--bind=unx:", there, "x"),
                          ("--bind=unix-dgram:?so.x=1", there, "x"), ("--frobnicate", there)):
            message = self.send(*arguments, code=2)
            self.assertRegex(message, r"\Akin: [^\n]+\n\Z")


class Bind(BytesTest):
    def test_connect(self):
        """Who has a name gets answers."""
        server = self.serve(DATAGRAM)
        process = self.kin("connect", "--bind", "unix-dgram:?so.sndbuf=65536",
                           "unix-dgram:" + self.path + "?so.rcvbuf=65536")
        process.stdin.write(b"question")
        process.stdin.flush()
        data, sender = server.recvfrom(100)
        self.assertEqual(data, b"question")
        server.sendto(b"answer", sender)
        self.assertEqual(process.stdout.read(6), b"answer")
        self.interrupt(process)

    def test_interrupted_while_it_connects(self):
        """As long as nobody has room for it; the path that it bound is gone with it."""
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        server.bind(self.path)
        server.listen(0)
        self.dial()
        name = os.path.join(self.folder, "name")
        process = self.kin("connect", "--bind", "unix:" + name, "unix:" + self.path)
        self.eventually(lambda: os.path.exists(name))
        self.interrupt(process)
        self.assertFalse(os.path.exists(name))

    def test_relay(self):
        server = self.serve(DATAGRAM)
        door = os.path.join(self.folder, "door")
        process = self.kin("relay", "--keep-open", "--bind=unix-dgram:", "unix-dgram:" + door,
                           "unix-dgram:" + self.path)
        process.stderr.readline()
        clients = []
        for number in range(3):
            client = socket.socket(socket.AF_UNIX, DATAGRAM)
            self.addCleanup(client.close)
            client.settimeout(20)
            client.bind(os.path.join(self.folder, str(number)))
            client.connect(door)
            client.send(b"question %d" % number)
            clients.append((client, *server.recvfrom(100)))
        for client, question, sender in clients:
            server.sendto(b"answer to " + question, sender)
            self.assertEqual(client.recv(100), b"answer to " + question)
        self.interrupt(process)
        self.assertFalse(os.path.exists(door))
        done = kintest.kin("relay", "--bind", "unix-dgram:/tmp/x", "unix-dgram:" + door, "unix-dgram:/x")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--bind takes no path", done.stderr)


class Interfaces(kintest.TestCase):
    def test_as_ip_says(self):
        """Every link and address that ip(8) knows, and no other."""
        ip = json.loads(subprocess.run(["ip", "-json", "address"], stdout=subprocess.PIPE,
                                       check=True).stdout)
        kin = json.loads(kintest.kin("interfaces", "--json").stdout)
        self.assertEqual([row["name"] for row in kin], [row["ifname"] for row in ip])
        for ours, theirs in zip(kin, ip):
            self.assertEqual((ours["index"], ours["mtu"]), (theirs["ifindex"], theirs["mtu"]))
            self.assertEqual("up" in ours["flags"], "UP" in theirs["flags"])
            self.assertEqual("loopback" in ours["flags"], "LOOPBACK" in theirs["flags"])
            if theirs["link_type"] == "ether":
                self.assertEqual((ours["type"], ours["link"]), ("ethernet", theirs["address"]))
            self.assertEqual({re.sub("%[^/]*", "", address) for address in ours["addresses"]},
                             {f"{row['local']}/{row['prefixlen']}" for row in theirs["addr_info"]})

    def test_text(self):
        lines = kintest.kin("interfaces", "lo").stdout.splitlines()
        self.assertRegex(lines[0], r"\AINDEX +NAME +TYPE +MTU +LINK +FLAGS +ADDRESSES\Z")
        self.assertRegex(lines[1], r"\A\d+ +lo +loopback +\d+ +- +.*loopback.*\Z")
        self.assertEqual(len(lines), 2)
        everything = kintest.kin("interfaces").stdout
        self.assertEqual(everything, re.sub("(?m) +$", "", everything))

    def test_no_such_interface(self):
        done = kintest.kin("interfaces", "lo", "nope")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r'\Akin: [^\n]*"nope"[^\n]*\n\Z')


if __name__ == "__main__":
    kintest.main()
