# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/iptest.py: what tests/families/inet.py and inet6.py have in common.

isolate () puts the script into a network namespace of its own: a loopback, and an Ethernet of two
ends, k0 with addresses and k1. So ports may be fixed, and nothing comes from outside. The name
both.test has an address of each family, 127.0.0.1 and ::1.
"""
import ctypes
import glob
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile

import kintest

PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE, CAP_NET_RAW = 24, 10, 13
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
IPPROTO_MPTCP, IPPROTO_UDPLITE, IPPROTO_SCTP = 262, 136, 132
SETUP = """
mount --make-rprivate /
mount --bind "$0" /etc/hosts
ip link set lo up
ip link add k0 type veth peer name k1
ip address add 192.0.2.1/24 dev k0
ip address add 2001:db8::1/64 dev k0 nodad
ip address add fe80::1/64 dev k0 nodad
ip link set k0 up
ip link set k1 up
"""


def isolate():
    flags = CLONE_NEWNS | CLONE_NEWNET | (0 if os.geteuid() == 0 else CLONE_NEWUSER)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "cannot make a network namespace")
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as hosts:
        hosts.write("127.0.0.1 localhost both.test\n::1 both.test\n")
        hosts.flush()
        subprocess.run(["sh", "-ec", SETUP, hosts.name], check=True)


def has_protocol(family, kind, protocol):
    try:
        socket.socket(family, kind, protocol).close()
    except OSError:
        return False
    return True


class IpTest(kintest.PeerTest):
    """Of one family, which a subclass names."""
    maxDiff = None
    family = None      # socket.AF_INET
    digit = ""         # "4"
    host = ""          # "127.0.0.1", as text has it
    address = ""       # the same as Python has it
    wire = None        # options, and what tcpdump then shows

    def listen(self, *arguments, **more):
        process = super().listen(*arguments, **more)
        process.port = int(process.endpoint.rsplit(":", 1)[1])
        return process

    def python(self, kind=socket.SOCK_STREAM, protocol=0, family=None):
        end = socket.socket(family or self.family, kind, protocol)
        end.settimeout(20)
        self.addCleanup(end.close)
        return end

    def serve(self, kind=socket.SOCK_STREAM, protocol=0):
        """Python's socket on this machine, and its port."""
        server = self.python(kind, protocol)
        server.bind((self.address, 0))
        if kind != socket.SOCK_DGRAM:
            server.listen()
        return server, server.getsockname()[1]

    # ---- Cases, which both families have ----

    def kin_connects(self, scheme, protocol):
        server, port = self.serve(protocol=protocol)
        client = self.start(kintest.KIN, "connect", f"{scheme}:{self.host}:{port}")
        connection, _ = server.accept()
        with connection:
            connection.settimeout(20)
            client.stdin.write(b"from kin")
            client.stdin.flush()
            self.assertEqual(connection.recv(100), b"from kin")
            connection.sendall(b"from python")
        self.assertEnds(client, b"from python")

    def kin_listens(self, scheme, protocol):
        server = self.listen(f"{scheme}:{self.host}:0")
        self.assertEqual(server.endpoint, f"{scheme}:{self.host}:{server.port}")
        with self.python(protocol=protocol) as client:
            client.connect((self.address, server.port))
            client.sendall(b"from python")
            server.stdin.write(b"from kin")
            server.stdin.flush()
            self.assertEqual(client.recv(100), b"from kin")
        self.assertEnds(server, b"from python")

    def kin_sends(self, scheme, protocol):
        server, port = self.serve(socket.SOCK_DGRAM, protocol)
        client = self.start(kintest.KIN, "connect", f"{scheme}:{self.host}:{port}")
        client.stdin.write(b"from kin")
        client.stdin.flush()
        data, sender = server.recvfrom(100)
        self.assertEqual((data, sender[0]), (b"from kin", self.address))
        server.sendto(b"from python", sender)
        self.assertEqual(client.stdout.read(11), b"from python")

    def kin_receives(self, scheme, protocol):
        server = self.listen(f"{scheme}:{self.host}:0")
        client = self.python(socket.SOCK_DGRAM, protocol)
        client.connect((self.address, server.port))
        client.send(b"from python\n")
        self.assertEqual(server.stdout.readline(), b"from python\n")
        server.stdin.write(b"from kin")
        server.stdin.flush()
        self.assertEqual(client.recv(100), b"from kin")

    def resolves(self, text, *address):
        """The kernel has the same address from Python's tuple and from kin's text."""
        with self.python(socket.SOCK_DGRAM) as end:
            try:
                end.bind(address)
            except OSError:
                end.setsockopt(socket.IPPROTO_IP, 15, 1)   # IP_FREEBIND
                end.bind(address)
            name = end.getsockname()
        done = kintest.kin("resolve", text)
        self.assertEqual(done.returncode, 0, done.stderr)
        written, value, family = done.stdout.rstrip("\n").rsplit("  ", 2)
        self.assertEqual(value, str(name), text)
        self.assertEqual(kintest.kin("resolve", written.rstrip()).stdout, done.stdout)
        return family


class Cases(IpTest):
    """What both families do alike."""

    def streams(self, word, protocol):
        for scheme in (word, word + self.digit):
            with self.subTest(scheme=scheme):
                self.kin_connects(scheme, protocol)
                self.kin_listens(scheme, protocol)

    def datagrams(self, word, protocol):
        for scheme in (word, word + self.digit):
            with self.subTest(scheme=scheme):
                self.kin_sends(scheme, protocol)
                self.kin_receives(scheme, protocol)

    def need(self, kind, protocol, name):
        if not has_protocol(self.family, kind, protocol):
            self.skipTest(f"the kernel has no {name}")

    def test_tcp(self):
        self.streams("tcp", 0)

    def test_udp(self):
        self.datagrams("udp", 0)

    def test_udplite(self):
        self.need(socket.SOCK_DGRAM, IPPROTO_UDPLITE, "UDP-Lite")
        self.datagrams("udplite", IPPROTO_UDPLITE)

    def test_mptcp(self):
        self.need(socket.SOCK_STREAM, IPPROTO_MPTCP, "MPTCP")
        self.streams("mptcp", IPPROTO_MPTCP)

    def test_mptcp_turned_off(self):
        """The same words, and it is TCP."""
        path = "/proc/sys/net/mptcp/enabled"
        if os.path.exists(path):
            with open(path, encoding="ascii") as file:
                before = file.read()
            self.addCleanup(pathlib.Path(path).write_text, before, encoding="ascii")
            pathlib.Path(path).write_text("0", encoding="ascii")
        self.assertFalse(has_protocol(self.family, socket.SOCK_STREAM, IPPROTO_MPTCP))
        self.streams("mptcp", 0)
        done = kintest.kin("doctor", "inet" if self.digit == "4" else "inet6")
        self.assertIn(f"mptcp, mptcp{self.digit}: this kernel lacks it: protocol 6 is used",
                      done.stdout)

    def test_sctp(self):
        self.need(socket.SOCK_STREAM, IPPROTO_SCTP, "SCTP: modprobe sctp")
        self.streams("sctp", IPPROTO_SCTP)

    def test_sctp_of_many(self):
        """One socket, several peers: what each sends comes, and what it is answered goes to it."""
        self.need(socket.SOCK_STREAM, IPPROTO_SCTP, "SCTP: modprobe sctp")
        server = self.listen(f"sctp{self.digit}-seqpacket:{self.host}:0")
        for name in b"first", b"second":
            client = self.python(protocol=IPPROTO_SCTP)
            client.connect((self.address, server.port))
            client.sendall(name + b"\n")
            self.assertEqual(server.stdout.readline(), name + b"\n")
            server.stdin.write(b"to " + name)
            server.stdin.flush()
            self.assertEqual(client.recv(100), b"to " + name)

    def test_sctp_with_ncat(self):
        self.need(socket.SOCK_STREAM, IPPROTO_SCTP, "SCTP: modprobe sctp")
        server = self.listen(f"sctp{self.digit}:{self.host}:0")
        client = self.start("ncat", "--sctp", "-" + self.digit, self.address, str(server.port))
        client.stdin.write(b"from ncat\n")
        client.stdin.flush()
        self.assertEqual(server.stdout.readline(), b"from ncat\n")
        server.stdin.write(b"from kin\n")
        server.stdin.flush()
        self.assertEqual(client.stdout.readline(), b"from kin\n")

    # ---- Partners ----

    def test_socat(self):
        server = self.listen("--exec", "tr a-z A-Z", f"tcp{self.digit}:{self.host}:0")
        client = self.start("socat", "-t5", "-", f"TCP{self.digit}:{self.host}:{server.port}")
        self.assertEqual(client.communicate(b"from socat", timeout=20), (b"FROM SOCAT", b""))
        self.assertEqual(server.wait(20), 0)

    def test_curl(self):
        answer = r"printf 'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nkin'"
        server = self.listen("--exec", f"sh -c \"head -n 1 >&2; {answer}\"",
                             f"tcp:{self.host}:0")
        done = subprocess.run(["curl", "-sS", "--max-time", "20",
                               f"http://{self.host}:{server.port}/"],
                              capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual((done.stdout, done.stderr), ("kin", ""))

    def test_ncat(self):
        server = self.listen(f"udp{self.digit}:{self.host}:0")
        client = self.start("ncat", "-u", "-" + self.digit, self.address, str(server.port))
        client.stdin.write(b"from ncat\n")
        client.stdin.flush()
        self.assertEqual(server.stdout.readline(), b"from ncat\n")
        server.stdin.write(b"from kin\n")
        server.stdin.flush()
        self.assertEqual(client.stdout.readline(), b"from kin\n")

    # ---- Options of an endpoint ----

    def test_options(self):
        """ss shows what was set."""
        server, port = self.serve()
        client = self.start(kintest.KIN, "connect", f"tcp{self.digit}:{self.host}:{port}"
                            "?tcp.congestion=reno&so.keepalive=1&tcp.keepidle=77&tcp.maxseg=1000")
        connection, _ = server.accept()
        self.addCleanup(connection.close)
        shown = subprocess.run(["ss", "-tinoH", f"dport = :{port}"], capture_output=True,
                               text=True, check=True).stdout
        self.assertIn(" reno ", shown)
        self.assertRegex(shown, r"timer:\(keepalive,1min1?[0-9]sec")
        self.assertRegex(shown, r" mss:(1000|988)\b")
        self.assertIsNone(client.poll())

    def test_on_the_wire(self):
        """tcpdump sees a datagram as its options want it."""
        _, port = self.serve(socket.SOCK_DGRAM)
        options, seen = self.wire
        sniffer = self.start("tcpdump", "-i", "lo", "-Z", "root", "-nvlc1", f"udp port {port}")
        while b"listening on lo" not in sniffer.stderr.readline():
            self.assertIsNone(sniffer.poll())
        done = kintest.kin("send", f"udp{self.digit}:{self.host}:{port}?{options}", "kin")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        shown = sniffer.communicate(timeout=20)[0].decode()
        self.assertRegex(shown, seen)
        self.assertRegex(shown, rf"> {re.escape(self.address)}\.{port}: .*UDP, length 3\n")

    # ---- What fails ----

    def test_bad_ports(self):
        for verb in "connect", "listen", "resolve":
            for port in "65536", "99999999999999999999999", "-1", "", "1.5", "8 0":
                for scheme in "tcp", "udp" + self.digit:
                    with self.subTest(verb=verb, port=port):
                        self.assertRefused(2, ["port"], verb, f"{scheme}:{self.host}:{port}")
        self.assertRefused(2, "out of range (0 to 65535)", "resolve", f"tcp:{self.host}:65536")
        self.assertRefused(2, "must be host:port", "resolve", f"tcp:{self.host}")

    def test_refused(self):
        server, port = self.serve()
        server.close()
        self.assertRefused(1, [f"cannot connect to tcp:{self.host}:{port}", "Connection refused",
                               "no program listens on that port"],
                           "connect", f"tcp:{self.host}:{port}")

    def test_in_use(self):
        _, port = self.serve()
        self.assertRefused(1, ["Address already in use", "ss -lnp"],
                           "listen", f"tcp{self.digit}:{self.host}:{port}")

    def test_privileged_port(self):
        def drop():   # root has not what is outside the bounding set after the next exec
            libc = ctypes.CDLL(None, use_errno=True)
            for capability in CAP_NET_BIND_SERVICE, CAP_NET_RAW:
                if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                    raise OSError(ctypes.get_errno(), "prctl")
        self.assertRefused(1, ["Permission denied", "CAP_NET_BIND_SERVICE"],
                           "listen", f"tcp{self.digit}:{self.host}:80", preexec_fn=drop)
        self.assertRefused(1, ["Operation not permitted", "CAP_NET_RAW"],
                           "listen", f"raw{self.digit}:{self.host}:253", preexec_fn=drop)

    def test_a_stream_that_the_peer_resets(self):
        server, port = self.serve()
        client = self.start(kintest.KIN, "connect", f"tcp:{self.host}:{port}")
        connection, _ = server.accept()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
        _, err = client.communicate(timeout=20)
        self.assertEqual(client.returncode, 1)
        self.assertIn(b"Connection reset by peer", err)

    def test_loads_these_two_and_no_other(self):
        done = kintest.kin("resolve", f"tcp:{self.host}:80",
                           env={**os.environ, "LD_DEBUG": "files"})
        loaded = set(re.findall(r"/kin-1/families/(\w+)\.so", done.stderr))
        self.assertLessEqual(loaded, {"inet", "inet6"})
        self.assertTrue(loaded)

    # ---- Raw and ping sockets ----

    def ping(self, scheme, request, reply):
        with open("/proc/sys/net/ipv4/ping_group_range", "w", encoding="ascii") as file:
            file.write("0 2147483647")
        client = self.start(kintest.KIN, "connect", f"{scheme}:{self.host}")
        client.stdin.write(bytes([request, 0, 0, 0, 0, 0, 0, 1]) + b"ping")
        client.stdin.flush()
        answer = client.stdout.read(12)
        self.assertEqual((answer[0], answer[1], answer[6:]), (reply, 0, b"\0\1ping"))

    def raw(self, header):
        """Python sees the packet of a protocol that nobody has; kin sees Python's."""
        scheme = f"raw{self.digit}:{self.host}:253"
        server = self.python(socket.SOCK_RAW, 253)
        server.bind((self.address, 0))
        done = kintest.kin("send", scheme, "from kin")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(server.recv(100)[header:], b"from kin")
        watch = self.start(kintest.KIN, "watch", "--json", "--count", "1", scheme)
        while watch.poll() is None:   # nothing says that it is bound
            server.sendto(b"from python", (self.address, 0))
            try:
                watch.wait(0.2)
            except subprocess.TimeoutExpired:
                pass
        self.assertIn(b"from python".hex().encode(), watch.stdout.read())


class Without(kintest.TestCase):
    """A copy of the build, laid out as installed, that lacks one family's plugin."""
    missing = ""

    def setUp(self):
        folder = tempfile.mkdtemp(prefix="kin-")
        self.addCleanup(shutil.rmtree, folder)
        library, = glob.glob(kintest.BUILD + "/lib*/**/libkin.so.1", recursive=True)
        self.lib = os.path.join(folder, os.path.relpath(os.path.dirname(library), kintest.BUILD))
        plugins = os.path.join(self.lib, "kin-1", "families")
        shutil.copytree(os.path.join(os.path.dirname(library), "kin-1", "families"), plugins)
        shutil.copytree(kintest.BUILD + "/share/kin-1/known", folder + "/share/kin-1/known")
        shutil.copy(library, self.lib)
        for end in ".so", ".kin":
            os.unlink(os.path.join(plugins, self.missing + end))

    def kin(self, *arguments):
        return kintest.kin(*arguments, env={**os.environ, "LD_LIBRARY_PATH": self.lib})
