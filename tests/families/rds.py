#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/families/rds.py: reliable datagrams inside one machine and by TCP between two network
namespaces, with Python and ss at the far end.

Needs: plugins
"""
import ast
import ctypes
import os
import select
import socket
import struct
import subprocess
import time

import kintest

AF_RDS = 21   # Python has no RDS on Linux: its build lacks the header
PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
HOSTS = {"127.0.0.1": "127.0.0.1", "::1": "[::1]"}
LIBC = ctypes.CDLL(None, use_errno=True)


class Six:
    """A socket with an IPv6 address, which Python's own cannot have."""
    def __init__(self, host, port=0):
        self.end = socket.socket(AF_RDS, socket.SOCK_SEQPACKET)
        self.end.settimeout(20)
        self.call(LIBC.bind, self.pack(host, port))

    def pack(self, host, port):
        return struct.pack("=H", socket.AF_INET6) + struct.pack("!HI16sI", port, 0, socket.inet_pton(
            socket.AF_INET6, host), 0)

    def call(self, function, *arguments):
        address = arguments[-1]
        rc = function(self.end.fileno(), *arguments, len(address))
        if rc < 0:
            raise OSError(ctypes.get_errno(), function.__name__)

    def getsockname(self):
        address, size = ctypes.create_string_buffer(28), ctypes.c_int(28)
        LIBC.getsockname(self.end.fileno(), address, ctypes.byref(size))
        return socket.inet_ntop(socket.AF_INET6, address.raw[8:24]), int.from_bytes(address.raw[2:4], "big")

    def sendto(self, data, address):
        self.call(LIBC.sendto, data, len(data), 0, self.pack(*address))

    def recvfrom(self, n):
        data, address = ctypes.create_string_buffer(n), ctypes.create_string_buffer(28)
        size = ctypes.c_int(28)
        got, end = -1, time.monotonic() + 20
        while got < 0 and time.monotonic() < end:    # RDS says that it is ready too often
            select.select([self.end], [], [], 1)
            got = LIBC.recvfrom(self.end.fileno(), data, n, 0, address, ctypes.byref(size))
        return data.raw[:max(got, 0)], (socket.inet_ntop(socket.AF_INET6, address.raw[8:24]),
                                        int.from_bytes(address.raw[2:4], "big"))

    def close(self):
        self.end.close()


# Two machines: "near", where the command runs, and "far".
SETUP = """
ip netns add near-{0}
ip netns add far-{0}
ip link add k0 netns near-{0} type veth peer name k1 netns far-{0}
ip -n near-{0} address add 192.0.2.1/24 dev k0
ip -n near-{0} address add 2001:db8::1/64 dev k0 nodad
ip -n far-{0} address add 192.0.2.2/24 dev k1
ip -n far-{0} address add 2001:db8::2/64 dev k1 nodad
ip -n near-{0} link set lo up
ip -n near-{0} link set k0 up
ip -n far-{0} link set lo up
ip -n far-{0} link set k1 up
"""
# Takes messages at the address and answers in capitals, until an empty one; says how many came.
FAR = """
import socket, sys
end = socket.socket(21, socket.SOCK_SEQPACKET)
end.settimeout(30)
end.bind((sys.argv[1], int(sys.argv[2])))
print("bound", flush=True)
n = 0
if len(sys.argv) > 3:
    sys.stdin.readline()      # does not receive before it is told to
while True:
    data, sender = end.recvfrom(70000)
    if not data or data == b"end":
        break
    n += 1
    if len(sys.argv) == 3:
        end.sendto(data.upper(), sender)
print(n, flush=True)
sys.stdin.readline()
"""


def has_rds():
    try:
        with socket.socket(AF_RDS, socket.SOCK_SEQPACKET) as end:
            end.bind(("127.0.0.1", 0))
    except OSError:
        return False
    return True


class RdsTest(kintest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not has_rds():
            raise cls.skipTest(cls, "the kernel has no RDS: modprobe -a rds rds_tcp")

    def start(self, *command):
        process = subprocess.Popen(command, **PIPES)
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

    def listen(self, endpoint):
        process = self.start(kintest.KIN, "listen", endpoint)
        line = process.stderr.readline().decode()
        self.assertTrue(line.startswith("kin: listening on "), line)
        process.port = int(line.rsplit(":", 1)[1])
        return process

    def python(self, host, port=0):
        if ":" in host:
            end = Six(host, port)
        else:
            end = socket.socket(AF_RDS, socket.SOCK_SEQPACKET)
            end.settimeout(20)
            end.bind((host, port))
        self.addCleanup(end.close)
        return end

    def refused(self, code, words, *arguments):
        done = kintest.kin(*arguments)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertRegex(done.stderr, r"\Akin: [^\n]+\n\Z")
        for word in [words] if isinstance(words, str) else words:
            self.assertIn(word, done.stderr)


class Inside(RdsTest):
    def test_kin_connects(self):
        """Without a name of its own, as an answer shows: it gets this machine's on the way."""
        for host, text in HOSTS.items():
            with self.subTest(host=host):
                server = self.python(host)
                client = self.start(kintest.KIN, "connect",
                                    f"rds:{text}:{server.getsockname()[1]}")
                client.stdin.write(b"from kin")
                client.stdin.flush()
                data, sender = server.recvfrom(100)
                self.assertEqual((data, sender[0]), (b"from kin", host))
                server.sendto(b"from python", sender)
                self.assertEqual(client.stdout.read(11), b"from python")

    def test_kin_listens(self):
        for host, text in HOSTS.items():
            with self.subTest(host=host):
                server = self.listen(f"rds:{text}:0")
                client = self.python(host)
                client.sendto(b"from python\n", (host, server.port))
                self.assertEqual(server.stdout.readline(), b"from python\n")
                server.stdin.write(b"from kin")
                server.stdin.flush()
                self.assertEqual(client.recvfrom(100)[:1], (b"from kin",))

    def test_by_name(self):
        server = self.python("127.0.0.1")
        done = kintest.kin("send", f"rds:localhost:{server.getsockname()[1]}", "by name")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(server.recv(100), b"by name")

    def test_boundaries(self):
        server = self.python("127.0.0.1")
        done = kintest.kin("send", f"rds:127.0.0.1:{server.getsockname()[1]}", "a", "bc",
                           "d" * 60000)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual([server.recv(70000) for _ in range(3)], [b"a", b"bc", b"d" * 60000])

    def test_closed_at_once(self):
        """What was sent comes, though its socket is closed and the machines were not connected."""
        for i in range(10):
            server = self.python(f"127.0.{i}.1")
            done = kintest.kin("send", "--bind", f"rds:127.0.{i}.1:0",
                               f"rds:127.0.{i}.1:{server.getsockname()[1]}", "x")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(server.recv(10), b"x")

    def test_own_addresses(self):
        """From one address of this machine to another."""
        server = self.python("127.0.0.2")
        client = self.start(kintest.KIN, "connect", f"rds:127.0.0.2:{server.getsockname()[1]}")
        client.stdin.write(b"x")
        client.stdin.flush()
        self.assertEqual(server.recvfrom(10)[0], b"x")

    def test_watch(self):
        watch = self.start(kintest.KIN, "watch", "--count", "1", "rds:127.0.0.1:7311")
        client = self.python("127.0.0.1")
        for _ in range(100):
            client.sendto(b"seen", ("127.0.0.1", 7311))
            if watch.poll() is not None:
                break
            time.sleep(0.1)
        out = watch.stdout.read().decode()
        self.assertIn(f"rds:127.0.0.1:{client.getsockname()[1]}", out)
        self.assertIn("seen", out)

    def test_resolve(self):
        for host, text in HOSTS.items():
            port = self.python(host).getsockname()[1]
            done = kintest.kin("resolve", f"rds:{text}:{port}")
            value = ast.literal_eval(done.stdout.split("  ")[1])
            self.assertEqual(value[:2], (host, port))

    def test_doctor(self):
        done = kintest.kin("doctor", "rds")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\Ards +ok +round trip by rds")

    def test_refused(self):
        self.refused(1, "one address of this machine", "listen", "rds:*:7200")
        self.refused(1, "one address of this machine", "listen", "rds:239.1.1.1:7200")
        self.refused(1, ["address of this machine", "modprobe"], "listen", "rds:203.0.113.9:7200")
        self.refused(1, "a peer has one address", "connect", "rds:0.0.0.0:7200")
        self.refused(1, "so.sndbuf", "send", "rds:127.0.0.1:7200?so.sndbuf=5000", "x" * 60000)
        taken = self.python("127.0.0.1").getsockname()[1]
        self.refused(1, "another socket has that port", "listen", f"rds:127.0.0.1:{taken}")


class Between(RdsTest):
    """By TCP, between two machines as far as the kernel knows."""
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.near, cls.far = (f"{name}-{os.getpid()}" for name in ("near", "far"))
        subprocess.run(["sh", "-ec", SETUP.format(os.getpid())], check=True)

    @classmethod
    def tearDownClass(cls):
        for name in cls.near, cls.far:
            subprocess.run(["ip", "netns", "delete", name], check=True)

    def far_end(self, host, port, *more):
        far = self.start("ip", "netns", "exec", self.far, "/usr/bin/python3", "-c", FAR, host,
                         str(port), *more)
        self.assertEqual(far.stdout.readline(), b"bound\n")
        return far

    def kin(self, *arguments):
        return self.start("ip", "netns", "exec", self.near, kintest.KIN, *arguments)

    def test_both_ways(self):
        self.far_end("192.0.2.2", 7320)
        client = self.kin("connect", "rds:192.0.2.2:7320")
        client.stdin.write(b"over tcp")
        client.stdin.flush()
        self.assertEqual(client.stdout.read(8), b"OVER TCP")
        self.assert_tcp("192.0.2.2:16385")

    def test_six(self):
        """Two of ours; that it is TCP over IPv6 says ss."""
        far = self.start("ip", "netns", "exec", self.far, kintest.KIN, "listen",
                         "rds:[2001:db8::2]:7321")
        self.assertIn(b"[2001:db8::2]:7321", far.stderr.readline())
        client = self.kin("connect", "rds:[2001:db8::2]:7321")
        client.stdin.write(b"over IPv6\n")
        client.stdin.flush()
        self.assertEqual(far.stdout.readline(), b"over IPv6\n")
        far.stdin.write(b"and back\n")
        far.stdin.flush()
        self.assertEqual(client.stdout.readline(), b"and back\n")
        self.assert_tcp("[2001:db8::2]:16385")

    def test_gone(self):
        """A machine that is not there is said to be so, and not only when something is lost."""
        done = subprocess.run(["ip", "netns", "exec", self.near, kintest.KIN, "send", "--timeout",
                               "1", "rds:192.0.2.9:7200", "x"], capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"\Akin: [^\n]*timed out[^\n]*\n\Z")

    def assert_tcp(self, peer):
        seen = subprocess.run(["ip", "netns", "exec", self.near, "ss", "-tnH"], check=True,
                              capture_output=True, text=True).stdout
        self.assertIn(peer, seen)

    def test_kin_listens(self):
        server = self.kin("listen", "rds:192.0.2.1:7330")
        self.assertIn(b"listening on rds:192.0.2.1:7330", server.stderr.readline())
        client = self.start("ip", "netns", "exec", self.far, "/usr/bin/python3", "-c",
                            "import socket\n"
                            "end = socket.socket(21, socket.SOCK_SEQPACKET)\n"
                            "end.settimeout(30)\n"
                            "end.bind(('192.0.2.2', 0))\n"
                            "end.sendto(b'from python\\n', ('192.0.2.1', 7330))\n"
                            "print(end.recv(100).decode(), flush=True)\n")
        self.assertEqual(server.stdout.readline(), b"from python\n")
        server.stdin.write(b"from kin")
        server.stdin.flush()
        self.assertEqual(client.stdout.readline(), b"from kin\n")

    def test_full(self):
        """A receiver that does not receive: a send waits, as long as --timeout says, and no longer;
        once it receives, all of it comes."""
        far = self.far_end("192.0.2.2", 7340, "waits")
        began = time.monotonic()
        done = subprocess.run(["ip", "netns", "exec", self.near, kintest.KIN, "send", "--count",
                               "100000", "--timeout", "2", "rds:192.0.2.2:7340", "x" * 5000],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("timed out", done.stderr)
        self.assertGreater(time.monotonic() - began, 2)
        client = self.kin("send", "--timeout", "20", "rds:192.0.2.2:7340", "y" * 5000, "end")
        far.stdin.write(b"go\n")
        far.stdin.flush()
        self.assertGreater(int(far.stdout.readline()), 10)
        self.assertEqual(client.wait(20), 0)


class Text(kintest.TestCase):
    """What is read and refused without the kernel."""
    def test_refused(self):
        for rest in "1.2.3.4", "1.2.3.4:65536", "1.2.3.4:-1", "[::1]", "::1:80", "1.2.3:x y", "[x]:1":
            with self.subTest(rest=rest):
                done = kintest.kin("resolve", "rds:" + rest)
                self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
                self.assertRegex(done.stderr, r"\Akin: [^\n]+\n\Z")

    def test_read(self):
        for text, value in (("rds:127.0.0.1:80", ("127.0.0.1", 80)),
                            ("rds:[2001:db8::1]:7200", ("2001:db8::1", 7200, 0, 0))):
            done = kintest.kin("resolve", text)
            self.assertEqual(done.stdout.split("  ")[:2], [text, repr(value)])


if not has_rds():
    class Missing(kintest.TestCase):
        def test_missing(self):
            for arguments in ("doctor", "rds"), ("connect", "rds:127.0.0.1:80"):
                done = kintest.kin(*arguments)
                self.assertIn("modprobe -a rds", done.stdout + done.stderr)


if __name__ == "__main__":
    kintest.main()
