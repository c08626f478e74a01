#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/families/netlink.py: messages, beside Python's socket and ip, in a network namespace.

Needs: plugins
"""
import ctypes
import json
import os
import re
import socket
import struct
import subprocess

import kintest

CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000
GETLINK, NEWLINK, REQUEST, DUMP, ACK = 18, 16, 1, 0x300, 4


def getlink(index, flags=REQUEST, family=0):
    return struct.pack("=IHHII", 32, GETLINK, flags, 7, 0) + struct.pack(
        "=BxHiII", family, 0, index, 0, 0)


def ip(line):
    subprocess.run(["ip", *line.split()], check=True, capture_output=True)


def own_network():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET | (0 if os.geteuid() == 0 else CLONE_NEWUSER)) < 0:
        return "no right to make a network namespace"
    return None


class NetlinkTest(kintest.PeerTest):
    def watch(self, *arguments):
        process = self.start(kintest.KIN, "watch", "--time=none", "--timeout=20", *arguments)
        self.assertRegex(process.stderr.readline(), rb"\Akin: listening on [^\n]+\n\Z")
        return process

    def lines(self, process):
        out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, err), (0, b""))
        return out.decode().splitlines()


class Exchange(NetlinkTest):
    def test_asks_the_kernel(self):
        """kin's answer is the same as Python's, but for the port in it."""
        ours = self.start(kintest.KIN, "connect", "netlink:route")
        ours.stdin.write(getlink(1))
        ours.stdin.flush()
        data = os.read(ours.stdout.fileno(), 65536)
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as end:
            end.bind((0, 0))
            end.send(getlink(1))
            theirs = end.recv(65536)
        self.assertEqual(len(data), len(theirs))
        self.assertEqual((data[:12], data[16:36]), (theirs[:12], theirs[16:36]))
        self.assertIn(b"lo\0", data)

    def test_refusal_in_words(self):
        """What the kernel says of a wrong request, in the error's own line."""
        process = self.start(kintest.KIN, "connect", "netlink:route?netlink.errors=1"
                             "&netlink.strict-check=1")
        process.stdin.write(getlink(0, REQUEST | DUMP)[:-8] + b"\1\0\0\0\1\0\0\0")
        process.stdin.flush()
        self.assertEqual(process.wait(timeout=20), 1)
        error = process.stderr.read().decode()
        self.assertRegex(error, r"\Akin: [^\n]*Invalid argument; the kernel says: Invalid values in "
                                r"header for link dump request[^\n]*\n\Z")

    def test_refusal_as_a_message(self):
        process = self.start(kintest.KIN, "connect", "netlink:route")
        process.stdin.write(getlink(4711))
        process.stdin.flush()
        data = os.read(process.stdout.fileno(), 65536)
        self.assertEqual(struct.unpack_from("=HHIIi", data, 4)[::4], (2, -19))

    def test_between_programs(self):
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_USERSOCK) as end:
            end.bind((0, 1))
            end.settimeout(20)
            pid = end.getsockname()[0]
            done = kintest.kin("send", f"netlink:usersock,{pid}", "hello")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            data, address = end.recvfrom(100)
            self.assertEqual((data, address[1]), (b"hello", 0))
            done = kintest.kin("send", "netlink:usersock,0,1", "to all")
            # It goes to the group, and then to port 0: no kernel listens there.
            self.assertIn("Connection refused", done.stderr)
            self.assertEqual(end.recv(100), b"to all")
            process = self.watch("--json", "--count=1", "netlink:usersock,4711")
            end.sendto(b"x" * 16, (4711, 0))
            line = json.loads(self.lines(process)[0])
            self.assertEqual((line["from"], line["data"]), (f"netlink:usersock,{pid}", "78" * 16))


class Watch(NetlinkTest):
    def test_as_ip_monitor(self):
        process = self.watch("netlink:route,0,1?netlink.monitor=0", "--count=2")
        ip("link add k0 address 02:00:00:00:00:01 type veth peer name k1")
        self.assertRegex("\n".join(self.lines(process)),
                         r"newlink \d+: k0 <BROADCAST,MULTICAST> mtu 1500 link 02:00:00:00:00:01")
        process = self.watch("netlink:route,0,0x10?netlink.monitor=0", "--count=1")
        ip("address add 10.9.0.1/24 dev k0")
        self.assertRegex(self.lines(process)[0], r"newaddr \d+: k0 inet 10\.9\.0\.1/24")
        ip("link set k1 up")
        ip("link set k0 up")
        process = self.watch("netlink:route,0,0x40?netlink.monitor=0", "--count=1")
        ip("route add 10.10.0.0/16 via 10.9.0.2")
        self.assertEqual(self.lines(process)[0],
                         "newroute 10.10.0.0/16 via 10.9.0.2 dev k0 table 254")
        process = self.watch("netlink:route,0,4?netlink.monitor=0", "--count=1")
        ip("neigh add 10.9.0.7 lladdr 02:00:00:00:00:07 dev k0 nud permanent")
        self.assertEqual(self.lines(process)[0],
                         "newneigh 10.9.0.7 dev k0 lladdr 02:00:00:00:00:07 PERMANENT")

    def test_joins_groups(self):
        """Without a word about groups, as ip monitor does."""
        process = self.watch("netlink:route", "--count=8")
        ip("link add k4 type veth peer name k5")
        ip("link set k4 up")
        ip("link set k5 up")
        words = {line.split()[0] for line in self.lines(process)}
        self.assertIn("newlink", words)
        self.assertIn("newnetconf", words)

    def test_uevent(self):
        process = self.watch("netlink:kobject-uevent", "--count=1")
        ip("link add k8 type veth peer name k9")
        self.assertRegex(self.lines(process)[0], r"\Aadd@/devices/virtual/net/k[89] \(net\)\Z")

    def test_refusal(self):
        """In the words of the kernel, as a message."""
        process = self.watch("--count=1", "netlink:usersock,4712")
        words = b"no such thing\0\0\0"
        request = struct.pack("=IHHII", 16, GETLINK, REQUEST, 7, 0)
        body = struct.pack("=i", -22) + request + struct.pack("=HH", 4 + 14, 1) + words
        message = struct.pack("=IHHII", 16 + len(body), 2, 0x200, 7, 0) + body
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_USERSOCK) as end:
            end.sendto(message, (4712, 0))
        self.assertEqual(self.lines(process), ["error: Invalid argument: no such thing"])


class Refused(NetlinkTest):
    def test_bad_addresses(self):
        for text in ("netlink:nothing", "netlink:route,-1", "netlink:route,0,4294967296",
                     "netlink:route,x", "netlink:route,0,1,1"):
            self.assertRefused(2, "netlink", "resolve", text)

    def test_port_in_use(self):
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as end:
            end.bind((4711, 0))
            self.assertRefused(1, ["take 0"], "watch", "netlink:route,4711")

    def test_no_such_group(self):
        self.assertRefused(1, "no such group", "watch", "netlink:route?netlink.join=4000")

    def test_doctor(self):
        done = kintest.kin("doctor", "netlink")
        self.assertEqual((done.returncode, done.stdout),
                         (0, "netlink  ok  round trip by netlink\n"))


class Constants(kintest.TestCase):
    def test_as_pythons(self):
        done, = json.loads(kintest.kin("info", "--json", "netlink").stdout)
        ours = done["constants"]
        for name, value in ours.items():
            if hasattr(socket, name):
                self.assertEqual(value, int(getattr(socket, name)), name)
        for name in dir(socket):
            if re.match(r"(AF_NETLINK|NETLINK_)", name) and name not in (
                    "NETLINK_ARPD", "NETLINK_ROUTE6", "NETLINK_SKIP", "NETLINK_TAPBASE",
                    "NETLINK_TCPDIAG", "NETLINK_W1"):   # no kernel has had them for long
                self.assertIn(name, ours)


if __name__ == "__main__":
    WHY = own_network()
    if WHY:
        for case in Exchange, Watch, Refused:
            case.setUpClass = classmethod(lambda cls: cls.skipTest(cls, WHY))
    kintest.main()
