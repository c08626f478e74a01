#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/families/vsock.py: streams, packets and datagrams within this machine, with Python, socat,
ncat and ss at the far end.

Needs: vsock plugins
"""
import ctypes
import json
import socket
import subprocess
import threading

import kintest

PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
LOCAL = 1   # VMADDR_CID_LOCAL, in Python since 3.14
CONNECTED = {"vsock": socket.SOCK_STREAM, "vsock-seqpacket": socket.SOCK_SEQPACKET}
PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE = 24, 10


def can_bind(kind, cid):
    try:
        with socket.socket(socket.AF_VSOCK, kind) as end:
            end.bind((cid, socket.VMADDR_PORT_ANY))
    except OSError:
        return False
    return True


class VsockTest(kintest.TestCase):
    def setUp(self):
        # Without a loopback the kernel would send to the host what is meant for this machine.
        if not can_bind(socket.SOCK_STREAM, LOCAL):
            self.skipTest("the kernel has no vsock within this machine: modprobe vsock_loopback")

    def start(self, *command, **more):
        process = subprocess.Popen(command, **{**PIPES, **more})
        self.addCleanup(self.stop, process)
        return process

    def stop(self, process):
        process.kill()
        process.wait()
        for stream in process.stdin, process.stdout, process.stderr:
            try:
                stream.close()
            except BrokenPipeError:
                pass

    def listen(self, *arguments):
        process = self.start(kintest.KIN, "listen", *arguments)
        line = process.stderr.readline().decode()
        self.assertTrue(line.startswith("kin: listening on "), line)
        process.endpoint = line.removeprefix("kin: listening on ").rstrip("\n")
        process.port = int(process.endpoint.rsplit(":", 1)[1])
        return process

    def python(self, kind):
        end = socket.socket(socket.AF_VSOCK, kind)
        end.settimeout(20)
        self.addCleanup(end.close)
        return end

    def serve(self, kind):
        """Python's socket in this machine, and its port."""
        server = self.python(kind)
        server.bind((socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY))
        if kind != socket.SOCK_DGRAM:
            server.listen()
        return server, server.getsockname()[1]

    def assertEnds(self, process, output):
        out, err = process.communicate(timeout=20)
        self.assertEqual((process.returncode, out, err), (0, output, b""))

    def talk(self, ours, theirs):
        """A line each way, between kin and another program."""
        theirs.stdin.write(b"from them\n")
        theirs.stdin.flush()
        self.assertEqual(ours.stdout.readline(), b"from them\n")
        ours.stdin.write(b"from kin\n")
        ours.stdin.flush()
        self.assertEqual(theirs.stdout.readline(), b"from kin\n")


class Python(VsockTest):
    def test_kin_connects(self):
        for scheme, kind in CONNECTED.items():
            with self.subTest(scheme=scheme):
                server, port = self.serve(kind)
                client = self.start(kintest.KIN, "connect", f"{scheme}:{LOCAL}:{port}")
                connection, peer = server.accept()
                self.assertEqual(peer[0], LOCAL)
                with connection:
                    connection.settimeout(20)
                    client.stdin.write(b"from kin")
                    client.stdin.flush()
                    self.assertEqual(connection.recv(100), b"from kin")
                    connection.send(b"from python")
                self.assertEnds(client, b"from python")

    def test_kin_listens(self):
        for scheme, kind in CONNECTED.items():
            for cid in "1", "any":
                with self.subTest(scheme=scheme, cid=cid):
                    server = self.listen(f"{scheme}:{cid}:any")
                    self.assertEqual(server.endpoint, f"{scheme}:{cid}:{server.port}")
                    with self.python(kind) as client:
                        client.connect((LOCAL, server.port))
                        client.send(b"from python")
                        server.stdin.write(b"from kin")
                        server.stdin.flush()
                        self.assertEqual(client.recv(100), b"from kin")
                    self.assertEnds(server, b"from python")

    def test_packets_are_not_joined(self):
        server, port = self.serve(socket.SOCK_SEQPACKET)
        client = self.start(kintest.KIN, "connect", f"vsock-seqpacket:{LOCAL}:{port}")
        connection, _ = server.accept()
        with connection:
            connection.settimeout(20)
            for packet in b"one\n", b"three\n":
                client.stdin.write(packet)
                client.stdin.flush()
                self.assertEqual(connection.recv(100), packet)

    def test_a_million_bytes(self):
        data = bytes(range(256)) * 4096
        server = self.listen("--exec", "cat", f"vsock:{LOCAL}:any")
        client = self.python(socket.SOCK_STREAM)
        client.connect((LOCAL, server.port))
        sender = threading.Thread(target=lambda: (client.sendall(data),
                                                  client.shutdown(socket.SHUT_WR)))
        sender.start()
        received = b""
        while piece := client.recv(1 << 16):
            received += piece
        sender.join()
        self.assertTrue(received == data)

    def test_datagrams(self):
        """VMware's transport takes this machine for a host, whose id is 2, and that is all: its
        sockets may have that for a name or none."""
        if not can_bind(socket.SOCK_DGRAM, socket.VMADDR_CID_ANY):
            self.skipTest("the kernel has no datagrams: modprobe vmw_vsock_vmci_transport")
        host = socket.VMADDR_CID_HOST
        server, port = self.serve(socket.SOCK_DGRAM)
        client = self.start(kintest.KIN, "connect", f"vsock-dgram:{host}:{port}")
        client.stdin.write(b"from kin")
        client.stdin.flush()
        data, sender = server.recvfrom(100)
        self.assertEqual((data, sender[0]), (b"from kin", host))
        server.sendto(b"from python", sender)
        self.assertEqual(client.stdout.read(11), b"from python")
        receiver = self.listen("vsock-dgram:any:any")
        with self.python(socket.SOCK_DGRAM) as other:
            other.bind((socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY))
            other.sendto(b"from python\n", (host, receiver.port))
            self.assertEqual(receiver.stdout.readline(), b"from python\n")
            receiver.stdin.write(b"from kin")
            receiver.stdin.flush()
            self.assertEqual(other.recvfrom(100), (b"from kin", (host, receiver.port)))

    def test_resolve_says_what_the_kernel_says(self):
        for cid in LOCAL, socket.VMADDR_CID_ANY:
            with self.python(socket.SOCK_STREAM) as end:
                end.bind((cid, socket.VMADDR_PORT_ANY))
                name = end.getsockname()
            word = "any" if cid == socket.VMADDR_CID_ANY else cid
            done = kintest.kin("resolve", f"vsock:{word}:{name[1]}")
            self.assertEqual(done.stdout.rstrip("\n").split("  "),
                             [f"vsock:{word}:{name[1]}", str(name), "vsock"])

    def test_options_reach_the_kernel(self):
        """A peer's buffer bounds what it may be sent unread."""
        server = self.listen("--exec", "sleep 20",
                             f"vsock:{LOCAL}:any?vsock.buffer-max-size=8192&vsock.buffer-size=8192")
        client = self.python(socket.SOCK_STREAM)
        client.connect((LOCAL, int(server.endpoint.rsplit(":", 1)[1])))
        client.settimeout(0.5)
        sent = 0
        with self.assertRaises(TimeoutError):
            while True:
                sent += client.send(bytes(1024))
        self.assertGreaterEqual(sent, 8192)
        self.assertLess(sent, 1 << 18)   # what the buffer would be at first


class Tools(VsockTest):
    def test_socat_connects(self):
        server = self.listen(f"vsock:{LOCAL}:any")
        self.talk(server, self.start("socat", "-", f"VSOCK-CONNECT:{LOCAL}:{server.port}"))

    def test_socat_listens(self):
        free, port = self.serve(socket.SOCK_STREAM)
        free.close()
        server = self.start("socat", "-d", "-d", f"VSOCK-LISTEN:{port}", "-")
        while b"listening on" not in server.stderr.readline():
            self.assertIsNone(server.poll())
        self.talk(self.start(kintest.KIN, "connect", f"vsock:{LOCAL}:{port}"), server)

    def test_socat_packets(self):
        server = self.listen(f"vsock-seqpacket:{LOCAL}:any")
        self.talk(server, self.start("socat", "-",
                                     f"VSOCK-CONNECT:{LOCAL}:{server.port},socktype=5"))

    def test_ncat_connects(self):
        server = self.listen(f"vsock:{LOCAL}:any")
        self.talk(server, self.start("ncat", "--vsock", str(LOCAL), str(server.port)))

    def test_ncat_listens(self):
        free, port = self.serve(socket.SOCK_STREAM)
        free.close()
        server = self.start("ncat", "-v", "--vsock", "-l", str(port))
        while b"Listening on" not in server.stderr.readline():
            self.assertIsNone(server.poll())
        self.talk(self.start(kintest.KIN, "connect", f"vsock:{LOCAL}:{port}"), server)

    def test_ss_sees_them(self):
        for scheme, word in ("vsock", "v_str"), ("vsock-seqpacket", "v_seq"):
            server = self.listen(f"{scheme}:{LOCAL}:any")
            done = subprocess.run(["ss", "--vsock", "-alHp"], capture_output=True, text=True,
                                  check=True)
            rows = [line for line in done.stdout.splitlines() if f":{server.port} " in line]
            self.assertEqual(len(rows), 1, done.stdout)
            # iproute2 6.1 has no word for packets
            self.assertIn(rows[0].split()[0], (word, "???", "unknown"))
            self.assertIn(f"{LOCAL}:{server.port}", rows[0])

    def test_relay(self):
        server = self.listen("--exec", "tr a-z A-Z", f"vsock:{LOCAL}:any")
        relay = self.start(kintest.KIN, "relay", f"vsock:{LOCAL}:any", server.endpoint)
        line = relay.stderr.readline().decode()
        port = int(line.split()[3].rsplit(":", 1)[1])
        with self.python(socket.SOCK_STREAM) as client:
            client.connect((LOCAL, port))
            client.sendall(b"through both")
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(client.recv(100), b"THROUGH BOTH")


class Kin(VsockTest):
    def test_doctor(self):
        done = kintest.kin("doctor", "vsock", "--json")
        self.assertEqual(done.returncode, 0, done.stdout)
        row, = json.loads(done.stdout)
        self.assertEqual(row["state"], "ok")
        self.assertIn("vsock, vsock-seqpacket", row["message"])
        if can_bind(socket.SOCK_DGRAM, socket.VMADDR_CID_ANY):
            self.assertIn("vsock-dgram", row["message"].split(";")[0])

    def assertRefused(self, code, words, *arguments, **more):
        done = kintest.kin(*arguments, **more)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertRegex(done.stderr, r"\Akin: [^\n]+\n\Z")
        self.assertIn(words, done.stderr)

    def test_refused(self):
        server, port = self.serve(socket.SOCK_STREAM)
        server.close()
        self.assertRefused(1, "no program listens on that port", "connect",
                           f"vsock:{LOCAL}:{port}")

    def test_in_use(self):
        server = self.listen(f"vsock:{LOCAL}:any")
        self.assertRefused(1, "ss --vsock", "listen", server.endpoint)

    def test_privileged_port(self):
        def drop():   # root has not what is outside the bounding set after the next exec
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.prctl(PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "prctl")
        self.assertRefused(1, "CAP_NET_BIND_SERVICE", "listen", f"vsock:{LOCAL}:80",
                           preexec_fn=drop)


class Numbers(kintest.TestCase):
    """What needs no loopback."""

    def test_bad_endpoints(self):
        for verb in "connect", "listen", "resolve":
            for rest in "", "1", "1:2:3:4", "4294967296:1", "1:4294967296", "-1:1", "host:1":
                with self.subTest(verb=verb, rest=rest):
                    done = kintest.kin(verb, "vsock:" + rest)
                    self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
                    self.assertRegex(done.stderr, r"\Akin: [^\n]+\n\Z")


if __name__ == "__main__":
    kintest.main()
