#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/families/inet.py: IPv4, with Python, socat, curl, ncat and ss at the far end.

Needs: inet inet6 plugins shared
"""
import socket
from unittest.mock import ANY

import iptest
import kintest


class Inet(iptest.Cases):
    family, digit, host, address = socket.AF_INET, "4", "127.0.0.1", "127.0.0.1"
    wire = "ip.ttl=7&ip.tos=184", r"tos 0xb8, ttl 7,"

    def test_addresses(self):
        for text, address in (
                ("tcp4:127.0.0.1:80", ("127.0.0.1", 80)),
                ("tcp4:127.1:80", ("127.1", 80)),
                ("tcp4:0x7f.1:80", ("0x7f.1", 80)),
                ("tcp4:0177.0.0.1:80", ("0177.0.0.1", 80)),
                ("tcp4:2130706433:80", ("2130706433", 80)),
                ("tcp4::8080", ("", 8080)),
                ("tcp4:*:8080", ("0.0.0.0", 8080)),
                ("udp4:<any>:8080", ("", 8080)),
                ("udp4:<broadcast>:9", ("<broadcast>", 9)),
                ("udp:255.255.255.255:65535", ("255.255.255.255", 65535)),
                ("udp4:239.1.1.1:5000", ("239.1.1.1", 5000)),
                ("tcp:192.0.2.1:80", ("192.0.2.1", 80)),
                ("tcp:localhost:80", ("localhost", 80)),
                ("tcp4:127.0.0.1:http", ("127.0.0.1", 80))):
            with self.subTest(text=text):
                self.assertEqual(self.resolves(text, *address), "inet")

    def test_no_addresses(self):
        for host in ("1.2.3.256", "1.2.3.4.5", "256.1", "0x", "127.0.0.1%20x", "a%00b", "a b", "a/b",
                     "[127.0.0.1]", "[::1", "::1", "%FF", "example.1"):
            with self.subTest(host=host):
                self.assertRefused(2, "tcp4", "resolve", f"tcp4:{host}:80")
        self.assertRefused(2, "another family", "resolve", "tcp4:[::1]:80")

    def test_broadcast(self):
        """Takes so.broadcast, and says so."""
        self.assertRefused(1, "so.broadcast=1", "send", "udp4:192.0.2.255:9", "x")
        server = self.python(socket.SOCK_DGRAM)
        server.bind(("192.0.2.255", 0))
        port = server.getsockname()[1]
        done = kintest.kin("send", f"udp4:192.0.2.255:{port}?so.broadcast=1", "to all")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(server.recv(100), b"to all")

    def test_groups(self):
        """The group is the endpoint's; or named, on a socket that has all addresses."""
        for text in ("udp4:239.1.1.1:5000?ip.join=k0", "udp:239.1.1.1:5000?ip.join=k0",
                     "udp4:239.1.1.1:5000?ip.join=k0:239.1.1.1", "udp4::5000?ip.join=k0:239.1.1.1",
                     "udp4:239.1.1.1:5000?ip.join-source=k0:192.0.2.1",
                     "udp::5000?ip.join=k0:239.1.1.1"):
            with self.subTest(text=text):
                server = self.listen(text)
                client = self.python(socket.SOCK_DGRAM)
                client.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                                  socket.inet_aton("192.0.2.1"))
                client.sendto(b"to the group\n", ("239.1.1.1", 5000))
                self.assertEqual(server.stdout.readline(), b"to the group\n")
                self.stop(server)
        self.assertRefused(1, ["name the group", "INTERFACE:GROUP"],
                           "listen", "udp4:127.0.0.1:5000?ip.join=k0")
        self.assertRefused(2, "no such interface", "listen", "udp4:239.1.1.1:5000?ip.join=k9")
        self.assertRefused(2, "another family", "listen", "udp4::5000?ip.join=k0:[ff02::1]")

    def test_kin_sends_to_a_group(self):
        server = self.python(socket.SOCK_DGRAM)
        server.bind(("239.1.1.1", 0))
        server.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                          socket.inet_aton("239.1.1.1") + socket.inet_aton("192.0.2.1"))
        port = server.getsockname()[1]
        done = kintest.kin("send", f"udp4:239.1.1.1:{port}?ip.multicast-if=k0&ip.multicast-ttl=3",
                           "to the group")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(server.recvfrom(100), (b"to the group", ("192.0.2.1", ANY)))

    def test_unreachable(self):
        self.assertRefused(1, ["Network is unreachable", "ip route"],
                           "connect", "tcp4:198.51.100.1:80")
        self.assertRefused(1, ["Cannot assign requested address", "ip address"],
                           "listen", "tcp4:198.51.100.1:80")

    def test_ping(self):
        self.ping("icmp", 8, 0)

    def test_no_ping(self):
        with open("/proc/sys/net/ipv4/ping_group_range", "w", encoding="ascii") as file:
            file.write("1 0")
        self.assertRefused(1, ["Permission denied", "ping_group_range"], "connect", "icmp:127.0.0.1")

    def test_raw(self):
        self.raw(20)


class Alone(iptest.Without):
    """Only inet is installed."""
    missing = "inet6"

    def test_the_other_families_literal(self):
        done = self.kin("resolve", "tcp:[::1]:80")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"family inet6\b[^\n]* not installed\b[^\n]*\n\Z")

    def test_tcp_is_ipv4(self):
        done = self.kin("resolve", "tcp::80", "tcp:127.0.0.1:80", "udp:localhost:53")
        self.assertEqual([line.split()[0] for line in done.stdout.splitlines()],
                         ["tcp:0.0.0.0:80", "tcp:127.0.0.1:80", "udp:127.0.0.1:53"])
        self.assertRegex(self.kin("resolve", "tcp6:[::1]:80").stderr,
                         r"belongs to family inet6, which is not installed: no inet6\.kin in /")


if __name__ == "__main__":
    iptest.isolate()
    kintest.main()
