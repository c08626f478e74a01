#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/families/unix.py: every kind of name and socket, with Python, socat and ss at the far end.

Needs: unix plugins
"""
import ast
import os
import shutil
import socket
import subprocess
import tempfile

import kintest

TYPES = {
    "unix": socket.SOCK_STREAM,
    "unix-dgram": socket.SOCK_DGRAM,
    "unix-seqpacket": socket.SOCK_SEQPACKET,
}
SS = {"unix": "u_str", "unix-dgram": "u_dgr", "unix-seqpacket": "u_seq"}
PID = str(os.getpid())   # abstract names are the whole machine's
# What follows the scheme, and the name that Python has for it; paths are in a folder of their own.
NAMES = [
    ("path", "path"),
    ("sp ace", "sp ace"),
    ("./@at", "@at"),
    ("per%25cent%3F", "per%cent?"),
    ("not-utf8-%FF", b"not-utf8-\xff"),
    ("n" * 107, "n" * 107),
    ("@kin-" + PID, b"\0kin-" + PID.encode()),
    (f"@kin%00{PID}%00", b"\0kin\0%s\0" % PID.encode()),
    ("@" + PID.ljust(107, "k"), b"\0" + PID.encode().ljust(107, b"k")),
]


class UnixTest(kintest.PeerTest):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="kin-")
        self.addCleanup(shutil.rmtree, self.folder)
        before = os.getcwd()
        os.chdir(self.folder)
        self.addCleanup(os.chdir, before)

    def python(self, kind):
        end = socket.socket(socket.AF_UNIX, kind)
        end.settimeout(20)
        self.addCleanup(end.close)
        return end

    def serve(self, kind, name):
        """Python's socket with that name."""
        server = self.python(kind)
        server.bind(name)
        if kind != socket.SOCK_DGRAM:
            server.listen()
        return server


class Names(UnixTest):
    def each(self, check, *schemes):
        for scheme in schemes:
            for rest, name in NAMES:
                endpoint = f"{scheme}:{rest}"
                with self.subTest(endpoint=endpoint):
                    check(TYPES[scheme], endpoint, name)
                for left in os.listdir("."):
                    os.unlink(left)

    def kin_connects(self, kind, endpoint, name):
        with self.serve(kind, name) as server:
            client = self.start(kintest.KIN, "connect", endpoint)
            connection, peer = server.accept()
            self.assertEqual(peer, "")
            with connection:
                connection.settimeout(20)
                client.stdin.write(b"from kin")
                client.stdin.flush()
                self.assertEqual(connection.recv(100), b"from kin")
                connection.send(b"from python")
            self.assertEnds(client, b"from python")

    def test_kin_connects(self):
        self.each(self.kin_connects, "unix", "unix-seqpacket")

    def kin_listens(self, kind, endpoint, name):
        server = self.listen(endpoint)
        self.assertEqual(server.endpoint, endpoint)
        with self.python(kind) as client:
            client.connect(name)
            self.assertEqual(os.fsencode(client.getpeername()), os.fsencode(name))
            client.send(b"from python")
            server.stdin.write(b"from kin")
            server.stdin.flush()
            self.assertEqual(client.recv(100), b"from kin")
        self.assertEnds(server, b"from python")
        self.assertEqual(os.listdir("."), [])

    def test_kin_listens(self):
        self.each(self.kin_listens, "unix", "unix-seqpacket")

    def kin_sends(self, kind, endpoint, name):
        with self.serve(kind, name) as server:
            done = kintest.kin("connect", "--wait", "0", endpoint, input="datagram")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(server.recvfrom(100), (b"datagram", None))

    def test_kin_sends(self):
        self.each(self.kin_sends, "unix-dgram")

    def kin_receives(self, kind, endpoint, name):
        server = self.listen(endpoint)
        with self.serve(kind, "python") as client:
            client.sendto(b"from python\n", name)
            self.assertEqual(server.stdout.readline(), b"from python\n")
            server.stdin.write(b"from kin")
            server.stdin.flush()
            data, sender = client.recvfrom(100)
            self.assertEqual(data, b"from kin")
            self.assertEqual(os.fsencode(sender), os.fsencode(name))

    def test_kin_receives(self):
        self.each(self.kin_receives, "unix-dgram")

    def resolves(self, kind, endpoint, name):
        with self.serve(kind, name) as server:
            done = kintest.kin("resolve", endpoint)
            text, value, family = done.stdout.rstrip("\n").rsplit("  ", 2)
            self.assertEqual((text, family), (endpoint, "unix"))
            self.assertEqual(os.fsencode(ast.literal_eval(value)),
                             os.fsencode(server.getsockname()))

    def test_resolve_says_what_the_kernel_says(self):
        self.each(self.resolves, *TYPES)

    def test_chosen_names(self):
        for scheme, kind in TYPES.items():
            with self.subTest(scheme=scheme):
                server = self.listen(scheme + ":")
                self.assertRegex(server.endpoint, rf"\A{scheme}:@[0-9a-f]{{5}}\Z")
                with self.python(kind) as client:
                    client.connect("\0" + server.endpoint.split("@")[1])
                    client.send(b"found\n")
                    self.assertEqual(server.stdout.readline(), b"found\n")

    def test_ss_sees_them(self):
        for scheme, kind in SS.items():
            server = self.listen(f"{scheme}:@kin-{PID}-ss")
            done = subprocess.run(["ss", "-xaHp"], capture_output=True, text=True, check=True)
            rows = [line.split() for line in done.stdout.splitlines() if f"@kin-{PID}-ss" in line]
            self.assertEqual(len(rows), 1, done.stdout)
            self.assertEqual(rows[0][0], kind)
            self.assertEqual(rows[0][1], "UNCONN" if scheme == "unix-dgram" else "LISTEN")
            self.assertIn(f"pid={server.pid},", rows[0][-1])
            self.stop(server)


class Socat(UnixTest):
    def test_abstract(self):
        server = self.listen(f"unix:@kin-{PID}-socat")
        client = self.start("socat", "-", f"ABSTRACT-CONNECT:kin-{PID}-socat")
        client.stdin.write(b"from socat")
        client.stdin.flush()
        server.stdin.write(b"from kin")
        server.stdin.close()
        self.assertEqual(client.stdout.read(8), b"from kin")
        client.stdin.close()
        self.assertEqual(server.stdout.read(), b"from socat")
        self.assertEqual(server.wait(20), 0)

    def test_seqpacket(self):
        server = self.listen("--exec", "cat", "unix-seqpacket:packets")
        client = self.start("socat", "-t5", "-", "UNIX-CONNECT:packets,type=5")
        out, err = client.communicate(b"packet", timeout=20)
        self.assertEqual((out, err, server.wait(20)), (b"packet", b"", 0))

    def test_datagrams(self):
        receiver = self.start("socat", "-u", "UNIX-RECV:log", "-")
        while not os.path.exists("log"):
            self.assertIsNone(receiver.poll())
        done = kintest.kin("connect", "--wait", "0", "unix-dgram:log", input="to socat\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(receiver.stdout.readline(), b"to socat\n")


class Bad(UnixTest):
    def assertRefused(self, code, words, *arguments):
        done = kintest.kin(*arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(words, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertEqual(done.stdout, "")

    def test_endpoints(self):
        for verb in "connect", "listen", "resolve":
            for rest in "n" * 108, "@" + "n" * 108, "a%00b", "%00", "a%", "a%4", "a%zz":
                with self.subTest(verb=verb, rest=rest):
                    self.assertRefused(2, "unix", verb, "unix:" + rest)

    def test_options(self):
        self.assertRefused(2, "unix.passcred", "connect", "unix:x?unix.passcrd=1")
        self.assertRefused(2, "unix.passcred", "connect", "unix:x?unix.passcred=maybe")
        self.assertRefused(2, "can only be read", "listen", "unix:x?unix.peercred=1:2:3")
        self.assertEqual(os.listdir("."), [])

    def test_wrong_type(self):
        self.serve(socket.SOCK_DGRAM, "x")
        self.assertRefused(1, "a socket of another type has that name", "connect", "unix:x")

    def test_dead_path(self):
        self.serve(socket.SOCK_STREAM, "x").close()
        self.assertRefused(1, "rm x", "listen", "unix:x")
        self.assertRefused(1, "no program listens there", "connect", "unix:x")

    def test_missing_folder(self):
        self.assertRefused(1, "a folder of the path is not there", "listen", "unix:no/x")
        self.assertRefused(1, "the path is not there", "connect", "unix:no/x")


if __name__ == "__main__":
    kintest.main()
