#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/relay_internet.py: kin relay between TCP or UDP and the rest, with socat, curl and Python.

Needs: unix inet inet6 plugins
"""
import hashlib
import http.server
import os
import random
import re
import signal
import socket
import struct
import subprocess
import threading
import time

import kintest
from kin_bytes import LARGE, BytesTest, digest, read_to_end

GIBIBYTE = 1 << 30
TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM


def port_of(server):
    return server.getsockname()[1]


class RelayTest(BytesTest):
    def relay(self, start, to, *options):
        """A kin that relays, once it says that it listens; port is where, if it is TCP or UDP."""
        process = self.kin("relay", *options, start, to)
        line = process.stderr.readline().decode()
        where = re.fullmatch(r"kin: listening on (\S+?:(?:\S*?:)?(\d+)|\S+)\n", line)
        self.assertTrue(where, line)
        process.port = int(where.group(2) or 0)
        return process

    def server(self, kind=TCP, family=socket.AF_INET):
        server = socket.socket(family, kind)
        self.addCleanup(server.close)
        server.settimeout(20)
        server.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        if kind == TCP:
            server.listen()
        return server

    def client(self, port, kind=TCP, host="127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        client = socket.socket(family, kind)
        self.addCleanup(client.close)
        client.settimeout(20)
        client.connect((host, port))
        return client


class Gibibyte(RelayTest):
    """socat at both ends; the bytes' digest is the same."""

    def pass_on(self, source, sink, process):
        block, hashed = random.Random(3).randbytes(1 << 20), hashlib.sha256()
        source = self.start("socat", "-u", "-", source)
        for number in range(GIBIBYTE >> 20):
            piece = struct.pack("<I", number) + block[4:]
            hashed.update(piece)
            source.stdin.write(piece)
        source.stdin.close()
        self.assertEqual(sink.stdout.read().split()[0].decode(), hashed.hexdigest())
        self.assertEqual(self.finish(process)[1], "")

    def test_tcp_to_unix(self):
        sink = self.start("sh", "-c", f"exec socat -u UNIX-LISTEN:{self.path} - | sha256sum")
        self.eventually(lambda: os.path.exists(self.path))
        process = self.relay("tcp:127.0.0.1:0", self.endpoint)
        self.pass_on(f"TCP:127.0.0.1:{process.port}", sink, process)

    def test_unix_to_tcp(self):
        sink = self.start("sh", "-c", "exec socat -d -d -u TCP-LISTEN:0,bind=127.0.0.1 - | sha256sum")
        port = int(re.search(rb"listening on .*:(\d+)", sink.stderr.readline()).group(1))
        process = self.relay(self.endpoint, f"tcp:127.0.0.1:{port}")
        self.pass_on("UNIX-CONNECT:" + self.path, sink, process)


class Streams(RelayTest):
    def test_half_closes(self):
        """Whoever ends first can still be answered."""
        for start, to in (("tcp", "unix"), ("unix", "tcp"), ("tcp", "tcp6")):
            for first in (0, 1):
                with self.subTest(start=start, to=to, first=first):
                    self.half_close(start, to, first)

    def half_close(self, start, to, first):
        server = (self.serve() if to == "unix" else
                  self.server(family=socket.AF_INET6 if to == "tcp6" else socket.AF_INET))
        host = "[::1]" if to == "tcp6" else "127.0.0.1"
        there = self.endpoint if to == "unix" else f"{to}:{host}:{port_of(server)}"
        door = os.path.join(self.folder, "door")
        process = self.relay(f"unix:{door}" if start == "unix" else "tcp:127.0.0.1:0", there)
        client = self.dial(door) if start == "unix" else self.client(process.port)
        ends = client, self.accept(server)
        ends[first].sendall(LARGE[:100_000])
        ends[first].shutdown(socket.SHUT_WR)
        self.assertEqual(digest(read_to_end(ends[1 - first])), digest(LARGE[:100_000]))
        self.assertIsNone(process.poll())
        ends[1 - first].sendall(b"answer")
        ends[1 - first].close()
        self.assertEqual(read_to_end(ends[first]), b"answer")
        ends[first].close()
        self.assertEqual(self.finish(process)[1], "")
        server.close()
        if to == "unix":
            os.unlink(self.path)

    def test_curl(self):
        """A web server behind a UNIX socket's relay, several downloads at once."""
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(LARGE)))
                self.end_headers()
                self.wfile.write(LARGE)

            def log_message(self, *_):
                pass
        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.addCleanup(web.server_close)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        self.addCleanup(web.shutdown)
        process = self.relay(self.endpoint, f"tcp:127.0.0.1:{web.server_address[1]}", "--keep-open")
        curls = [self.start("curl", "-sS", "--unix-socket", self.path, "http://localhost/")
                 for _ in range(4)]
        for curl in curls:
            self.assertEqual(digest(self.finish(curl)[0]), digest(LARGE))
        self.interrupt(process)

    def test_a_reset_is_passed_on(self):
        """TCP's peers are told apart: those that end, and those that break off."""
        server = self.server()
        process = self.relay("tcp:127.0.0.1:0", f"tcp:127.0.0.1:{port_of(server)}")
        client = self.client(process.port)
        connection = self.accept(server)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(b"x")
        self.assertEqual(connection.recv(1), b"x")
        connection.close()
        with self.assertRaises(ConnectionResetError):
            client.recv(1)
        self.assertIn("reset", self.finish(process, code=1)[1])

    def test_a_killed_server(self):
        there = self.start("socat", "-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1", "EXEC:cat")
        port = int(re.search(rb"listening on .*:(\d+)", there.stderr.readline()).group(1))
        process = self.relay("tcp:127.0.0.1:0", f"tcp:127.0.0.1:{port}")
        client = self.client(process.port)
        client.sendall(b"x")
        self.assertEqual(client.recv(1), b"x")
        there.kill()
        self.assertEqual(client.recv(1), b"")
        client.close()
        self.assertEqual(self.finish(process)[1], "")

    def test_a_slow_reader(self):
        server = self.server()
        process = self.relay("tcp:127.0.0.1:0", f"tcp:127.0.0.1:{port_of(server)}")
        client = self.client(process.port)
        connection = self.accept(server)
        client.settimeout(1)
        sent, data = 0, LARGE * 12
        with self.assertRaises(TimeoutError):
            while sent < len(data):
                sent += client.send(data[sent:sent + 1_000_000])
            self.fail("nothing waits for the reader")
        client.close()
        self.assertEqual(digest(read_to_end(connection)), digest(data[:sent]))
        connection.close()
        self.finish(process)

    def test_closed_port(self):
        server = self.server()
        port = port_of(server)
        server.close()
        process = self.relay("tcp:127.0.0.1:0", f"tcp:127.0.0.1:{port}")
        with self.assertRaises(ConnectionResetError):
            self.client(process.port).recv(1)
        _, err = self.finish(process, code=1)
        self.assertRegex(err, rf"\Akin: cannot connect to \S+:{port}: Connection refused[^\n]*\n\Z")


class Datagrams(RelayTest):
    def test_udp_and_its_answers(self):
        """As a name server's clients have it."""
        server = self.server(UDP)
        process = self.relay("udp:127.0.0.1:0", f"udp:127.0.0.1:{port_of(server)}", "--keep-open")
        clients = [self.client(process.port, UDP) for _ in range(10)]
        for number, client in enumerate(clients):
            client.send(b"question %d" % number)
        for _ in clients:
            question, sender = server.recvfrom(100)
            server.sendto(b"answer to " + question, sender)
            server.sendto(b"", sender)
        for number, client in enumerate(clients):
            self.assertEqual(client.recv(100), b"answer to question %d" % number)
            self.assertEqual(client.recv(100), b"")
        self.interrupt(process)

    def test_udp_to_unix_and_a_stream(self):
        server = self.serve(UDP)
        process = self.relay("udp:127.0.0.1:0", "unix-dgram:" + self.path)
        client = self.client(process.port, UDP)
        for data in (b"one", b"", bytes(60_000)):
            client.send(data)
            self.assertEqual(server.recv(100_000), data)
        self.interrupt(process)

    def test_nobody_there(self):
        """UDP tells it late, and by an error of the next call."""
        server = self.server(UDP)
        port = port_of(server)
        server.close()
        process = self.relay("udp:127.0.0.1:0", f"udp:127.0.0.1:{port}", "--keep-open")
        client = self.client(process.port, UDP)
        for _ in range(5):
            client.send(b"x")
        self.assertRegex(process.stderr.readline(), rb"\Akin: cannot \S+ \S+ \S+: Connection refused")
        again = socket.socket(socket.AF_INET, UDP)
        self.addCleanup(again.close)
        again.settimeout(20)
        again.bind(("127.0.0.1", port))
        client.send(b"y")
        while again.recv(10) != b"y":
            pass
        self.interrupt(process)

    def test_watch_and_send(self):
        process = self.kin("watch", "--count", "2", "--time", "none", "udp:127.0.0.1:0")
        port = process.stderr.readline().decode().strip().rpartition(":")[2]
        for arguments in (("hello",), ("--hex", "00ff")):
            done = subprocess.run([kintest.KIN, "send", f"udp:127.0.0.1:{port}", *arguments],
                                  check=False, capture_output=True)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
        lines = self.finish(process)[0].decode().splitlines()
        self.assertRegex(lines[0], r"\Audp4?:127\.0\.0\.1:\d+ 5 bytes\Z")
        self.assertRegex(lines[3], r"\A  0000  00 ff +\|\.\.\|\Z")

    def test_drops_are_seen(self):
        """More than wait in the kernel, while nobody reads."""
        process = self.kin("watch", "--time", "none", "--json", "--timeout", "1",
                           "udp:127.0.0.1:0?so.rcvbuf=4096")
        port = int(process.stderr.readline().decode().strip().rpartition(":")[2])
        process.send_signal(signal.SIGSTOP)
        client = self.client(port, UDP)
        for _ in range(100):
            client.send(bytes(500))
        process.send_signal(signal.SIGCONT)
        time.sleep(0.3)
        client.send(b"after")
        out, _ = self.finish(process)
        self.assertRegex(out.decode().splitlines()[-1], r'"dropped": [1-9]')


if __name__ == "__main__":
    kintest.main()
