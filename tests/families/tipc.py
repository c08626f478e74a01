#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/families/tipc.py: services of this node, with Python, socat, tipc and ss at the far end.

Needs: tipc plugins
"""
import os
import socket
import struct
import subprocess
import threading

import kintest

CONNECTED = {"tipc": socket.SOCK_STREAM, "tipc-seqpacket": socket.SOCK_SEQPACKET}
DATAGRAMS = {"tipc-rdm": socket.SOCK_RDM, "tipc-dgram": socket.SOCK_DGRAM}
TYPE = 100000 + os.getpid()   # names are the whole cluster's
ID = r"id,0x[0-9a-f]+,[0-9]+"
SUBSCRIPTION = "=IIIII8s"


def name(instance):
    return (socket.TIPC_ADDR_NAME, TYPE, instance, 0)


def services(lower, upper, scope=socket.TIPC_NODE_SCOPE):
    return (socket.TIPC_ADDR_NAMESEQ, TYPE, lower, upper, scope)


def tell(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout


class TipcTest(kintest.PeerTest):
    def setUp(self):
        try:
            self.python(socket.SOCK_RDM)
        except OSError:
            self.skipTest("the kernel has no TIPC: modprobe tipc")

    def python(self, kind, bound=None):
        end = socket.socket(socket.AF_TIPC, kind)
        self.addCleanup(end.close)
        end.settimeout(20)
        if bound:
            end.bind(bound)
        return end

    def say(self, process, data):
        process.stdin.write(data)
        process.stdin.flush()


class Connections(TipcTest):
    def test_kin_connects(self):
        for scheme, kind in CONNECTED.items():
            with self.subTest(scheme=scheme), self.python(kind, services(0, 9)) as server:
                server.listen()
                client = self.start(kintest.KIN, "connect", f"{scheme}:name,{TYPE},5")
                connection, peer = server.accept()
                with connection:
                    connection.settimeout(20)
                    self.assertEqual(peer[0], socket.TIPC_ADDR_ID)
                    self.say(client, b"from kin")
                    self.assertEqual(connection.recv(100), b"from kin")
                    connection.sendall(b"from python")
                self.assertEnds(client, b"from python")

    def test_kin_connects_to_an_id(self):
        with self.python(socket.SOCK_STREAM) as server:
            server.listen()
            _, node, port, _, _ = server.getsockname()
            client = self.start(kintest.KIN, "connect", f"tipc:id,{node},{port}")
            with server.accept()[0] as connection:
                connection.sendall(b"found")
            self.assertEnds(client, b"found")

    def test_kin_listens(self):
        for scheme, kind in CONNECTED.items():
            with self.subTest(scheme=scheme), self.python(kind) as client:
                server = self.listen(f"{scheme}:range,{TYPE},0,9,node")
                self.assertRegex(server.endpoint, rf"\A{scheme}:{ID}\Z")
                client.connect(name(7))
                client.sendall(b"from python")
                self.say(server, b"from kin")
                self.assertEqual(client.recv(100), b"from kin")
                client.close()
                self.assertEnds(server, b"from python")

    def test_a_megabyte(self):
        data = os.urandom(1 << 20)
        with self.python(socket.SOCK_STREAM) as client:
            server = self.listen("--exec", "cat", f"tipc:name,{TYPE},1,node")
            client.connect(name(1))
            sender = threading.Thread(target=client.sendall, args=(data,))
            sender.start()
            got = b""
            while len(got) < len(data):
                got += client.recv(65536)
            sender.join()
            # cat has the kernel's socket, to which a close alone is a reset.
            client.shutdown(socket.SHUT_RDWR)
            self.assertEqual(got, data)
            self.assertEqual(server.wait(20), 0)

    def test_socat(self):
        server = self.listen(f"tipc:name,{TYPE},1,node")
        address = struct.pack("=BBIII", socket.TIPC_ADDR_NAME, 0, TYPE, 1, 0).hex()
        client = self.start("socat", "-", f"SOCKET-CONNECT:{socket.AF_TIPC}:0:x{address}")
        self.say(client, b"from socat")
        self.say(server, b"from kin")
        self.assertEqual(client.stdout.read(8), b"from kin")
        client.stdin.close()
        self.assertEnds(server, b"from socat")

    def test_tools_see_them(self):
        server = self.listen(f"tipc:range,{TYPE},0,9,node?tipc.importance=high")
        port = server.endpoint.rsplit(",", 1)[1]
        row = next(line.split() for line in tell("tipc", "nametable", "show").splitlines()
                   if line.split()[:1] == [str(TYPE)])
        self.assertEqual((row[:4], row[4]), ([str(TYPE), "0", "9", "node"], port))
        self.assertIn(port, tell("tipc", "socket", "list"))
        self.assertRegex(tell("ss", "-a", "--tipc"), rf"LISTEN.*:{port}\b")


class Datagrams(TipcTest):
    def test_kin_sends(self):
        for scheme, kind in DATAGRAMS.items():
            with self.subTest(scheme=scheme), self.python(kind, services(1, 3)) as receiver:
                done = kintest.kin("send", f"{scheme}:name,{TYPE},2", "from kin")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                data, sender = receiver.recvfrom(100)
                self.assertEqual((data, sender[0]), (b"from kin", socket.TIPC_ADDR_ID))

    def test_kin_receives_and_answers(self):
        for scheme, kind in DATAGRAMS.items():
            with self.subTest(scheme=scheme), self.python(kind) as client:
                server = self.listen(f"{scheme}:name,{TYPE},4,node")
                client.sendto(b"from python\n", name(4))
                self.assertEqual(server.stdout.readline(), b"from python\n")
                self.say(server, b"from kin")
                self.assertEqual(client.recv(100), b"from kin")
                self.stop(server)

    def test_kin_watches(self):
        watcher = self.start(kintest.KIN, "watch", "--count", "1", "--time", "none",
                             f"tipc-rdm:name,{TYPE},4,node")
        watcher.stderr.readline()
        with self.python(socket.SOCK_RDM) as client:
            client.sendto(b"hello", name(4))
            _, node, port, _, _ = client.getsockname()
            out, _ = watcher.communicate(timeout=20)
        self.assertIn(f"tipc-rdm:id,{node:#x},{port} 5 bytes", out.decode())

    def test_to_a_range_is_to_all(self):
        with self.python(socket.SOCK_RDM, services(1, 3)) as one, \
             self.python(socket.SOCK_RDM, services(5, 5)) as other:
            done = kintest.kin("send", f"tipc-rdm:range,{TYPE},0,9", "to all")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual([one.recv(100), other.recv(100)], [b"to all"] * 2)

    def test_scopes(self):
        for scope in "node", "cluster":
            server = self.listen(f"tipc-rdm:name,{TYPE},1,{scope}")
            table = tell("tipc", "nametable", "show")
            self.assertRegex(table, rf"(?m)^{TYPE} +1 +1 +{scope} ")
            self.stop(server)


class Topology(TipcTest):
    def watch(self, *arguments):
        watcher = self.start(kintest.KIN, "watch", "--time", "none", *arguments)
        line = watcher.stderr.readline().decode()
        self.assertRegex(line, rf"\Akin: listening on tipc-topology:{ID}\n\Z")
        return watcher

    def test_kin_watches(self):
        watcher = self.watch("--send", f"PORTS type={TYPE} lower=0 upper=99 handle=mine",
                             "--count", "2", "tipc-topology:")
        with self.python(socket.SOCK_RDM, services(7, 8)) as service:
            _, node, port, _, _ = service.getsockname()
            where = f"type={TYPE} lower=7 upper=8 port={port} node={node:#x} handle=mine"
            self.assertEqual(watcher.stdout.readline().decode(), f"PUBLISHED {where}\n")
        self.assertEnds(watcher, f"WITHDRAWN {where}\n".encode())

    def test_time_runs_out(self):
        watcher = self.watch("--send", f"SERVICE type={TYPE} timeout=0.1", "--count", "1",
                             "tipc-topology:")
        self.assertEnds(watcher, f"TIMEOUT type={TYPE} lower=0 upper=0\n".encode())

    def test_python_sees_kin(self):
        with self.python(socket.SOCK_SEQPACKET) as watcher:
            watcher.connect((socket.TIPC_ADDR_NAME, socket.TIPC_TOP_SRV, socket.TIPC_TOP_SRV, 0))
            watcher.send(struct.pack(SUBSCRIPTION, TYPE, 0, 99, socket.TIPC_WAIT_FOREVER & 0xffffffff,
                                     socket.TIPC_SUB_PORTS, b"python"))
            server = self.listen(f"tipc:name,{TYPE},3,node")
            event = struct.unpack_from("=IIIII", watcher.recv(100))
            self.assertEqual(event[:3], (socket.TIPC_PUBLISHED, 3, 3))
            self.assertEqual(f"tipc:id,{event[4]:#x},{event[3]}", server.endpoint)
            self.stop(server)
            event = struct.unpack_from("=III", watcher.recv(100))
            self.assertEqual(event, (socket.TIPC_WITHDRAWN, 3, 3))

    def test_bad_subscriptions(self):
        for words, said in (("hello", "hello is no word of it"),
                            ("type=1", "it begins with PORTS or SERVICE"),
                            ("PORTS type=4294967296", "type=4294967296 is too much"),
                            ("PORTS type=1 lower=3 upper=2", "lower is greater than upper"),
                            ("PORTS timeout=1.2345", "timeout=1.2345 is no word of it"),
                            ("PORTS handle=ninebytes", "handle=ninebytes is too much")):
            with self.subTest(words=words):
                self.assertRefused(2, said, "send", "tipc-topology:", words)


class Doctor(TipcTest):
    def test_round_trips(self):
        done = kintest.kin("doctor", "tipc")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"tipc\s+ok")


class Bad(TipcTest):
    def test_nobody(self):
        for scheme in CONNECTED:
            self.assertRefused(1, "no socket has that name", "connect", f"{scheme}:name,{TYPE},1")
        for scheme in DATAGRAMS:
            self.assertRefused(1, "no socket has that name", "send", f"{scheme}:name,{TYPE},1", "x")

    def test_nobody_listens(self):
        with self.python(socket.SOCK_STREAM, services(1, 1)):
            self.assertRefused(1, "does not listen", "connect", f"tipc:name,{TYPE},1")

    def test_nobody_accepts(self):
        with self.python(socket.SOCK_STREAM, services(1, 1)) as server:
            server.listen()
            self.assertRefused(1, "timed out", "connect", "--timeout", "0.3", f"tipc:name,{TYPE},1")

    def test_what_cannot_be_bound(self):
        self.assertRefused(1, "types below 64", "listen", "tipc:name,1,1")
        self.assertRefused(1, "the kernel chooses a socket's id", "listen", "tipc:id,0,0")
        self.assertRefused(1, "lower is greater", "listen", f"tipc:range,{TYPE},3,2")

    def test_too_long(self):
        with self.python(socket.SOCK_RDM, services(1, 1)):
            done = kintest.kin("send", f"tipc-rdm:name,{TYPE},1", input="x" * 66001)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, r"\Akin: [^\n]*66000 bytes\n\Z")


class Words(kintest.PeerTest):
    """What needs no kernel."""

    def test_bad_endpoints(self):
        for rest in ("", "nam,1,2", "name,1", "name,1,2,3,4,5", "name,x,1", "name,4294967296,1",
                     "name,-1,1", "range,1,2", "id,1", "name,1,2,galaxy", "name,1,2,128"):
            for verb in "connect", "listen", "resolve":
                with self.subTest(verb=verb, rest=rest):
                    self.assertRefused(2, "tipc", verb, "tipc:" + rest)

    def test_bad_options(self):
        for option in "tipc.importance=5k", "tipc.importance=urgent", "tipc.group=1", "tipc.grup=1":
            with self.subTest(option=option):
                self.assertRefused(2, "tipc.", "connect", "tipc:name,1000,1?" + option)


if __name__ == "__main__":
    kintest.main()
