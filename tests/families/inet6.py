#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/families/inet6.py: IPv6, with Python, socat, curl, ncat and ss at the far end; and sockets that
serve IPv4 as well.

Needs: inet inet6 plugins shared
"""
import socket
import subprocess

import iptest
import kintest


class Inet6(iptest.Cases):
    family, digit, host, address = socket.AF_INET6, "6", "[::1]", "::1"
    wire = "ipv6.unicast-hops=7&ipv6.tclass=184", r"class 0xb8\b.* hlim 7,"

    def test_addresses(self):
        k0 = socket.if_nametoindex("k0")
        for text, address in (
                ("tcp6:[::1]:80", ("::1", 80)),
                ("tcp:[::1]:80", ("::1", 80, 0, 0)),
                ("tcp6:[0:0::0:1]:80", ("::1", 80)),
                ("tcp6::8080", ("", 8080)),
                ("tcp6:*:8080", ("::", 8080)),
                ("tcp6:[::]:8080", ("::", 8080)),
                ("tcp6:<any>:8080", ("", 8080)),
                ("udp6:[::ffff:127.0.0.1]:80", ("::ffff:127.0.0.1", 80)),
                ("udp6:[2001:db8::1]:65535", ("2001:db8::1", 65535)),
                ("udp6:[fe80::1%k0]:80", ("fe80::1", 80, 0, k0)),
                (f"udp6:[fe80::1%{k0}]:80", ("fe80::1", 80, 0, k0)),
                ("udp:[ff02::1%k0]:80", ("ff02::1", 80, 0, k0)),
                ("tcp6:[::1]:http", ("::1", 80))):
            with self.subTest(text=text):
                self.assertEqual(self.resolves(text, *address), "inet6")

    def test_no_addresses(self):
        for host in ("[::1", "[:::1]", "[::g]", "[127.0.0.1]", "[]", "[::1%]", "::1", "1.2.3.256",
                     "[::1]x", "a%00b", "<broadcast>", "127.0.0.1"):
            with self.subTest(host=host):
                self.assertRefused(2, "tcp6", "resolve", f"tcp6:{host}:80")
        self.assertRefused(2, "another family", "resolve", "tcp6:127.0.0.1:80")
        for verb in "connect", "listen", "resolve":
            self.assertRefused(2, "no such interface", verb, "tcp:[fe80::1%nope]:80")

    def test_scopes(self):
        for scope in "k0", str(socket.if_nametoindex("k0")):
            server = self.listen(f"tcp6:[fe80::1%{scope}]:0")
            self.assertEqual(server.endpoint, f"tcp6:[fe80::1%k0]:{server.port}")
            client = self.python()
            client.connect(("fe80::1", server.port, 0, socket.if_nametoindex("k0")))
            client.sendall(b"linked")
            client.close()
            self.assertEqual(server.stdout.read(), b"linked")
        self.assertRefused(1, ["Invalid argument", "[fe80::1%eth0]"], "connect", "tcp6:[fe80::1]:80")

    def test_groups(self):
        """The group is the endpoint's; or named, on a socket that has all addresses."""
        k0 = socket.if_nametoindex("k0")
        for text in ("udp6:[ff02::1234%k0]:5000?ipv6.join=k0",
                     "udp:[ff02::1234%k0]:5000?ipv6.join=k0",
                     "udp6::5000?ipv6.join=k0:[ff02::1234]",
                     "udp6:[ff02::1234%k0]:5000?ipv6.join-source=k0:[fe80::1]",
                     "udp::5000?ipv6.join=k0:[ff02::1234]"):
            with self.subTest(text=text):
                server = self.listen(text)
                client = self.python(socket.SOCK_DGRAM)
                client.bind(("fe80::1", 0, 0, k0))
                client.sendto(b"to the group\n", ("ff02::1234", 5000, 0, k0))
                self.assertEqual(server.stdout.readline(), b"to the group\n")
                self.stop(server)
        self.assertRefused(1, ["name the group", "INTERFACE:GROUP"],
                           "listen", "udp6:[::1]:5000?ipv6.join=k0")

    def test_both(self):
        """A shared scheme that has all addresses serves IPv4, too; tcp6 does not."""
        for text in "tcp::0", "tcp:*:0":
            server = self.listen("--keep-open", text)
            self.assertEqual(server.endpoint, f"tcp:[::]:{server.port}")
            for family, host in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
                client = self.python(family=family)
                client.connect((host, server.port))
                client.sendall(host.encode() + b"\n")
                client.close()
                self.assertEqual(server.stdout.readline(), host.encode() + b"\n")
        server = self.listen("tcp6::0")
        with self.assertRaises(ConnectionRefusedError):
            self.python(family=socket.AF_INET).connect(("127.0.0.1", server.port))

    def test_datagrams_of_both(self):
        server = self.listen("udp::0")
        for family, host in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
            client = self.python(socket.SOCK_DGRAM, family=family)
            client.sendto(b"hello\n", (host, server.port))
            self.assertEqual(server.stdout.readline(), b"hello\n")
            server.stdin.write(b"answer")
            server.stdin.flush()
            self.assertEqual(client.recv(100), b"answer")

    def test_mapped_peers(self):
        watch = self.start(kintest.KIN, "watch", "--count", "1", "udp:[::]:5001")
        client = self.python(socket.SOCK_DGRAM, family=socket.AF_INET)
        client.bind(("127.0.0.1", 0))
        while watch.poll() is None:   # nothing says that it is bound
            try:
                client.sendto(b"hello", ("127.0.0.1", 5001))
                watch.wait(0.2)
            except (subprocess.TimeoutExpired, ConnectionRefusedError):
                pass
        self.assertIn(f"udp:[::ffff:127.0.0.1]:{client.getsockname()[1]}".encode(),
                      watch.stdout.read())

    def test_a_name_of_both(self):
        """The name is of both; a server at either is found."""
        for family in socket.AF_INET, socket.AF_INET6:
            server = self.python(family=family)
            server.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
            server.listen()
            client = self.start(kintest.KIN, "connect", f"tcp:both.test:{server.getsockname()[1]}")
            connection, _ = server.accept()
            connection.sendall(b"found")
            connection.close()
            self.assertEqual(client.stdout.read(), b"found")

    def test_unreachable(self):
        self.assertRefused(1, ["Network is unreachable", "ip -6 route"],
                           "connect", "tcp6:[2001:db9::1]:80")
        self.assertRefused(1, ["Cannot assign requested address", "ip address"],
                           "listen", "tcp6:[2001:db9::1]:80")

    def test_ping(self):
        self.ping("icmp6", 128, 129)

    def test_raw(self):
        self.raw(0)


class Alone(iptest.Without):
    """Only inet6 is installed."""
    missing = "inet"

    def test_the_other_families_literal(self):
        done = self.kin("resolve", "tcp:127.0.0.1:80")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"family inet\b[^\n]* not installed\b[^\n]*\n\Z")

    def test_tcp_is_ipv6(self):
        done = self.kin("resolve", "tcp::80", "tcp:[::1]:80")
        self.assertEqual([line.split()[0] for line in done.stdout.splitlines()],
                         ["tcp:[::]:80", "tcp:[::1]:80"])


if __name__ == "__main__":
    iptest.isolate()
    kintest.main()
