#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/examples.py: the programs of examples/, with Python and socat at the far end, and the pages of
docs/tasks, which quote them.

In a network namespace of its own, where k0 is an Ethernet.

Needs: inet inet6 unix
"""
import glob
import http.server
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading

import iptest
import kintest

EXAMPLES = os.path.join(kintest.SOURCE, "examples")
PAGES = os.path.join(kintest.SOURCE, "docs/tasks")
PAGE = b"<p>from Python</p>\n" * 10000


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/page" else 404)
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


class Examples(iptest.IpTest):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="kin-"))
        self.path = os.path.join(self.folder, "s")

    def example(self, name, *arguments):
        return self.start(os.path.join(kintest.BUILD, "examples", name), *arguments)

    def said(self, process, pattern):
        line = process.stderr.readline().decode()
        self.assertRegex(line, pattern)
        return line

    def fails(self, message, name, *arguments):
        out, err = self.example(name, *arguments).communicate(timeout=20)
        self.assertEqual(out, b"")
        self.assertRegex(err.decode(), message)

    def web(self):
        server = http.server.HTTPServer(("127.0.0.1", 0), Page)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_port

    def test_tcp_client(self):
        client = self.example("tcp-client", f"tcp:both.test:{self.web()}", "/page")
        out, err = client.communicate(timeout=20)
        self.assertEqual((client.returncode, err), (0, b""))
        self.assertTrue(out.startswith(b"HTTP/1.0 200 OK\r\n"))
        self.assertTrue(out.endswith(b"\r\n\r\n" + PAGE))
        self.fails("Connection refused; no program listens", "tcp-client", "tcp:127.0.0.1:1", "/")
        self.fails("usage", "tcp-client")

    def test_dual_server(self):
        server = self.example("dual-server", "tcp::0")
        port = self.said(server, r"\Alistening on tcp:\[::\]:\d+\n\Z").rsplit(":", 1)[1].strip()
        clients = [socket.create_connection((host, port), timeout=20)
                   for host in ("127.0.0.1", "::1")]
        for client, shown in zip(clients, (r"\[::ffff:127\.0\.0\.1\]", r"\[::1\]")):
            self.said(server, rf"\Atcp:{shown}:{client.getsockname()[1]}\n\Z")
        for client in reversed(clients):   # none waits for another
            client.sendall(b"hello")
            self.assertEqual(client.recv(100), b"hello")
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(client.recv(100), b"")
            client.close()
        self.fails("Address already in use", "dual-server", f"tcp::{port}")

    def test_multicast(self):
        group = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(group.close)
        group.settimeout(20)
        group.bind(("239.1.1.1", 0))
        port = group.getsockname()[1]
        group.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                         socket.inet_aton("239.1.1.1") + socket.inet_aton("192.0.2.1"))
        says = self.example("multicast", "say", f"udp:239.1.1.1:{port}?ip.multicast-if=k0", "hello")
        self.assertEqual(group.recvfrom(100)[0], b"hello")
        self.assertEnds(says, b"")
        group.close()

        hears = self.example("multicast", "hear", f"udp:239.1.1.1:{port}?ip.join=k0")
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.0.2.1"))
        while not re.search(r"(?m)^\d+\s+k0\s(.*\n)*?\s+010101EF", open("/proc/net/igmp").read()):
            self.assertIsNone(hears.poll())
        sender.sendto(b"from Python", ("239.1.1.1", port))
        self.assertEqual(hears.stdout.readline().decode(),
                         f"udp:192.0.2.1:{sender.getsockname()[1]}: from Python\n")
        self.fails("no such interface", "multicast", "hear", f"udp:239.1.1.1:{port}?ip.join=k9")

    def test_pass_descriptors(self):
        with open(os.path.join(self.folder, "file"), "w", encoding="ascii") as file:
            file.write("secret\n")
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        server.settimeout(20)
        server.bind(self.path)
        server.listen()
        gives = self.example("pass-descriptors", "give", "unix:" + self.path, file.name)
        peer, _ = server.accept()
        with peer:
            _, fds, _, _ = socket.recv_fds(peer, 10, 10)
        self.assertEnds(gives, b"")
        with os.fdopen(fds[0]) as received:
            self.assertEqual((received.read(), len(fds)), ("secret\n", 1))
        self.fails("cannot open /nosuch: No such file", "pass-descriptors", "give",
                   "unix:" + self.path, "/nosuch")

    def test_take_descriptors(self):
        takes = self.example("pass-descriptors", "take", "unix:" + self.path)
        peer = socket.socket(socket.AF_UNIX)
        self.addCleanup(peer.close)
        while peer.connect_ex(self.path) != 0:
            self.assertIsNone(takes.poll())
        with tempfile.TemporaryFile() as file:
            file.write(b"from Python\n")
            file.seek(0)
            socket.send_fds(peer, [b"x"], [file.fileno()])
            self.assertEnds(takes, b"from Python\n")

    def test_relay(self):
        relay = self.example("relay", "unix:" + self.path, f"tcp:127.0.0.1:{self.web()}")
        while not re.search(rf"(?m) 00010000 .* {self.path}$", open("/proc/net/unix").read()):
            self.assertIsNone(relay.poll())   # it does not listen yet
        done = subprocess.run(["curl", "-sS", "-0", "--unix-socket", self.path, "http://there/page"],
                              capture_output=True, check=False, timeout=30)
        self.assertEqual(done.stderr, b"")
        self.assertTrue(done.stdout == PAGE)
        self.assertEnds(relay, b"")

    def test_datagram_errors(self):
        for host, word, mtu in (("127.0.0.1", "icmp 3/3", 65535), ("[::1]", "icmp6 1/4", 65536)):
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as gone:
                gone.bind(("", 0))
                port = gone.getsockname()[1]
            done = self.example("datagram-errors", f"udp:{host}:{port}", "100")
            self.assertEqual(done.communicate(timeout=20)[0].decode(),
                             f"Connection refused; {word} from {host}, sent to {host}:{port}\n"
                             f"the path's MTU is {mtu}\n")
        done = self.example("datagram-errors", "udp:192.0.2.7:9?ip.mtu-discover=do", "1500")
        out, err = done.communicate(timeout=20)
        self.assertEqual(out.decode(), "Message too long; this machine, MTU 1500, "
                                       "sent to 192.0.2.7:9\nthe path's MTU is 1500\n")
        self.assertIn(b"cannot send to udp:192.0.2.7:9: Message too long", err)

    def test_timestamps(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            says = self.example("timestamps", "say", f"udp:127.0.0.1:{server.getsockname()[1]}")
            lines = says.communicate(timeout=20)[0].decode().splitlines()
        self.assertEqual([line.rsplit(" at ")[0] for line in lines],
                         [f"{i} was {what}" for i in range(3) for what in ("scheduled", "sent")])
        times = [float(line.rsplit(" at ")[1]) for line in lines]
        self.assertEqual(times, sorted(times))
        self.fails("usage", "timestamps", "say")

    def test_timestamps_of_what_comes(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind(("127.0.0.1", 0))
            port = sender.getsockname()[1] ^ 1
            hears = self.example("timestamps", "hear", f"udp:127.0.0.1:{port}")
            os.set_blocking(hears.stdout.fileno(), False)
            line = None
            while not line:   # it is not bound yet, or the kernel does not stamp yet
                self.assertIsNone(hears.poll())
                sender.sendto(b"from Python", ("127.0.0.1", port))
                line = hears.stdout.readline()
        self.assertRegex(line.decode(), r"\Afrom Python: \d+\.\d us ago\n\Z")

    def test_zero_copy(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        sends = self.example("zero-copy",
                             f"tcp:127.0.0.1:{server.getsockname()[1]}?so.zerocopy=1", "8")
        peer, _ = server.accept()
        with peer, peer.makefile("rb") as stream:
            for i in range(8):
                self.assertTrue(stream.read(1 << 20) == bytes([i]) * (1 << 20))
            out = sends.communicate(timeout=20)[0].decode()
        self.assertRegex(out, r"\A(\d+) sends, \1 of them copied after all\n\Z")   # a loopback

    def test_who(self):
        tells = self.example("who", "unix:" + self.path)
        connects = ("import socket, sys; s = socket.socket(socket.AF_UNIX)\n"
                    "while s.connect_ex(sys.argv[1]): pass\n"
                    "sys.stdin.read()")
        peer = self.start(sys.executable, "-c", connects, self.path)
        self.assertRegex(tells.stdout.readline().decode(),
                         rf"\Aprocess {peer.pid} of user {os.geteuid()}, group {os.getegid()} and "
                         rf"{len(os.getgroups())} more\n\Z")
        self.assertIsNone(tells.poll())
        peer.communicate(timeout=20)
        self.assertEnds(tells, b"it has ended\n")

    def test_fast_open(self):
        with open("/proc/sys/net/ipv4/tcp_fastopen", "w", encoding="ascii") as file:
            file.write("3")
        server = socket.socket()
        self.addCleanup(server.close)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        for trips in b"two round trips", b"one round trip":
            asks = self.example("fast-open", f"tcp:127.0.0.1:{port}?tcp.fastopen-connect=1", "hi")
            peer, _ = server.accept()
            with peer:
                self.assertEqual(peer.recv(100), b"hi")
                peer.sendall(b"from Python")
                self.assertEnds(asks, b"from Python\n" + trips + b"\n")

    def test_ecn(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind(("127.0.0.1", 0))
            client.settimeout(0.2)
            client.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0xb9)   # EF, and ECT(1)
            client.setsockopt(socket.IPPROTO_IP, 13, 1)                 # IP_RECVTOS
            port = client.getsockname()[1] ^ 1
            server = self.example("ecn", f"udp::{port}")
            answer = None
            while not answer:   # it is not bound yet
                self.assertIsNone(server.poll())
                client.sendto(b"from Python", ("127.0.0.1", port))
                try:
                    answer, controls, _, _ = client.recvmsg(100, 100)
                except OSError:
                    pass
        self.assertEqual((answer, controls), (b"ECT(1)", [(0, socket.IP_TOS, b"\2")]))
        self.assertEqual(server.stdout.readline(), b"from Python: ECT(1)\n")


class Pages(kintest.TestCase):
    def test_all(self):
        """Each example has a page, which quotes it, and each page is listed."""
        with open(os.path.join(PAGES, "README.md"), encoding="utf-8") as file:
            listed = file.read()
        for source in glob.glob(os.path.join(EXAMPLES, "*.c")):
            name = os.path.basename(source)[:-2]
            if name == "hello":   # README.md's
                continue
            with self.subTest(name=name), open(source, encoding="utf-8") as program:
                with open(os.path.join(PAGES, name + ".md"), encoding="utf-8") as page:
                    self.assertIn(f"```c\n{program.read()}```\n", page.read())
                self.assertIn(f"({name}.md)", listed)


if __name__ == "__main__":
    iptest.isolate()
    kintest.main()
