#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/families/packet.py: frames, beside Python's socket, tcpdump, ping and arping, between two
network namespaces' ends of a veth pair.

Needs: plugins
"""
import ctypes
import json
import os
import re
import socket
import subprocess

import kintest

EXPERIMENTAL = 0x88B5
CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000
FRAME = bytes.fromhex("ffffffffffff 020000000001 88b5") + b"a frame"


def run(*command):
    subprocess.run(command, check=True, capture_output=True)


def own_network():
    """k0, 10.9.0.1, here, and k1, which only hears. Says why not, if so."""
    flags = CLONE_NEWNET | (0 if os.geteuid() == 0 else CLONE_NEWUSER)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) < 0:
        return "no right to make a network namespace"
    # No frames but the tests'.
    with open("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w", encoding="ascii") as file:
        file.write("1")
    for line in ("link set lo up",
                 "link add k0 address 02:00:00:00:00:01 type veth peer name k1 "
                 "address 02:00:00:00:00:02",
                 "address add 10.9.0.1/24 dev k0",
                 "link set k0 up", "link set k1 up",
                 "neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev k0"):
        try:
            run("ip", *line.split())
        except subprocess.CalledProcessError as error:
            return f"ip {line}: {error.stderr.decode().strip()}"
    return None


class PacketTest(kintest.PeerTest):
    def watch(self, *arguments):
        process = self.start(kintest.KIN, "watch", "--time=none", "--timeout=20", *arguments)
        self.assertRegex(process.stderr.readline(), rb"\Akin: listening on [^\n]+\n\Z")
        return process

    def python(self, kind=socket.SOCK_RAW, bind=None):
        end = socket.socket(socket.AF_PACKET, kind)
        self.addCleanup(end.close)
        end.settimeout(20)
        if bind:
            end.bind(bind)
        return end

    def lines(self, process):
        out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, err), (0, b""))
        return out.decode().splitlines()


class Frames(PacketTest):
    def test_raw_from_python(self):
        process = self.watch("--json", "--count=1", "packet:k1,0x88b5")
        self.python(bind=("k0", EXPERIMENTAL)).send(FRAME)
        line = json.loads(self.lines(process)[0])
        self.assertEqual(bytes.fromhex(line["data"]), FRAME)
        self.assertEqual(line["from"], "packet:k1,0x88b5,broadcast,1,02:00:00:00:00:01")

    def test_raw_to_python(self):
        end = self.python(bind=("k1", EXPERIMENTAL))
        done = kintest.kin("send", "--hex", "packet:k0,0x88b5", FRAME.hex())
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(end.recvfrom(100), (FRAME, ("k1", EXPERIMENTAL, socket.PACKET_BROADCAST, 1,
                                                     b"\2\0\0\0\0\1")))

    def test_dgram_from_python(self):
        process = self.watch("--json", "--count=1", "packet-dgram:k1,0x88b5")
        self.python(socket.SOCK_DGRAM).sendto(
            b"payload", ("k0", EXPERIMENTAL, 0, 1, b"\2\0\0\0\0\2"))
        line = json.loads(self.lines(process)[0])
        self.assertEqual(bytes.fromhex(line["data"]), b"payload")
        self.assertEqual(line["from"], "packet-dgram:k1,0x88b5,host,1,02:00:00:00:00:01")

    def test_dgram_to_python(self):
        end = self.python(socket.SOCK_DGRAM, ("k1", EXPERIMENTAL))
        done = kintest.kin("send", "packet-dgram:k0,0x88b5,host,1,02:00:00:00:00:02", "payload")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(end.recvfrom(100), (b"payload", ("k1", EXPERIMENTAL, socket.PACKET_HOST, 1,
                                                          b"\2\0\0\0\0\1")))

    def test_filter(self):
        """Of two frames the one that the program lets through."""
        program = "40:0:0:14,21:0:1:25185,6:0:0:262144,6:0:0:0"   # the first two bytes are "ba"
        process = self.watch("--json", "--count=1", f"packet:k1,0x88b5?packet.filter={program}")
        end = self.python(bind=("k0", EXPERIMENTAL))
        for word in b"other", b"bare":
            end.send(FRAME[:14] + word)
        self.assertEqual(bytes.fromhex(json.loads(self.lines(process)[0])["data"]),
                         FRAME[:14] + b"bare")


class Describe(PacketTest):
    def compare(self, count, send, expression):
        """What tcpdump and kin print of the same frames."""
        theirs = self.start("tcpdump", "-enlS", "--immediate-mode", "-t", "-c", str(count), "-i",
                            "k1", expression)
        while b"listening on" not in theirs.stderr.readline():
            self.assertIsNone(theirs.poll())
        ours = self.watch(f"--count={count}", "packet:k1")
        send()
        theirs.wait(timeout=30)
        return self.lines(ours), theirs.stdout.read().decode().splitlines()

    def test_ping(self):
        ours, theirs = self.compare(1, lambda: subprocess.run(
            ["ping", "-c1", "-W1", "10.9.0.2"], capture_output=True, check=False), "icmp")
        self.assertEqual(ours, theirs)
        self.assertIn("10.9.0.1 > 10.9.0.2: ICMP echo request", ours[0])

    def test_arping(self):
        ours, theirs = self.compare(1, lambda: subprocess.run(
            ["arping", "-c1", "-w1", "-I", "k0", "10.9.0.9"], capture_output=True, check=False),
            "arp")
        self.assertIn("Request who-has 10.9.0.9", ours[0])
        # tcpdump names the broadcast address and says "(ff:…)" behind who-has
        theirs = [re.sub(r" \(ff:ff:ff:ff:ff:ff\)", "", line) for line in theirs]
        self.assertEqual(ours, [line.replace("Broadcast", "ff:ff:ff:ff:ff:ff") for line in theirs])

    def test_udp_and_tcp(self):
        def send():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
                end.bind(("10.9.0.1", 4000))
                end.sendto(b"x" * 20, ("10.9.0.2", 9999))
        ours, theirs = self.compare(1, send, "udp")
        self.assertEqual(ours, theirs)

        def connect():
            with socket.socket() as end:
                end.setblocking(False)
                end.connect_ex(("10.9.0.2", 80))
        ours, theirs = self.compare(1, connect, "tcp")
        # tcpdump has the options of TCP, too
        self.assertEqual(ours, [re.sub(r", options \[.*?\]", "", line) for line in theirs])
        self.assertIn("Flags [S], seq", ours[0])

    def test_cut_off(self):
        """Whatever comes is described, without a word of what did not come."""
        head = bytes.fromhex("020000000002 020000000001")
        frames = [head + bytes.fromhex(text) for text in (
            "0800", "080045", "0800 4f000014 00000000 40010000 0a090001 0a090002", "0806 0001",
            "86dd 60000000 00080000" + "00" * 32, "0030 4242")]
        process = self.watch(f"--count={len(frames)}", "packet:k1")
        end = self.python(bind=("k0", 0))
        for frame in frames:
            end.send(frame)
        lines = self.lines(process)
        self.assertEqual(len(lines), len(frames))
        self.assertEqual(lines[0], "02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype IPv4 (0x0800), "
                                   "length 14: 0 bytes:")


class Refused(PacketTest):
    def test_bad_addresses(self):
        for text in ("packet:lo,0x10000", "packet:lo,nothing", "packet:lo,ip,host,1,02:0",
                     "packet:lo,ip,host,1,02:00:", "packet:lo,ip,host,1," + "00:" * 8 + "00",
                     "packet:lo,ip,host,1,gg", "packet:lo,ip,host,65536"):
            self.assertRefused(2, text.split(":")[0], "resolve", text)

    def test_no_interface(self):
        self.assertRefused(2, ["lldp; as in packet:eth0,arp or"], "resolve", "packet:lo,arpp")
        self.assertRefused(2, ["nosuch0", "ip link"], "watch", "packet:nosuch0")

    def test_down(self):
        run("ip", "link", "set", "k1", "down")
        self.addCleanup(run, "ip", "link", "set", "k1", "up")
        self.assertRefused(1, "ip link set", "send", "--hex", "packet:k1,0x88b5", FRAME.hex())

    def test_short_frame(self):
        self.assertRefused(1, "14 bytes of Ethernet", "send", "--hex", "packet:k0,0x88b5", "00")

    def test_no_right(self):
        done = subprocess.run(["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw",
                               kintest.KIN, "watch", "packet:lo"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"\Akin: [^\n]*CAP_NET_RAW[^\n]*\n\Z")

    def test_doctor(self):
        done = kintest.kin("doctor", "packet")
        self.assertEqual((done.returncode, done.stdout),
                         (0, "packet  ok  round trip by packet, packet-dgram\n"))


class Constants(kintest.TestCase):
    def test_as_pythons(self):
        done, = json.loads(kintest.kin("info", "--json", "packet").stdout)
        ours = done["constants"]
        for name, value in ours.items():
            if hasattr(socket, name):
                self.assertEqual(value, int(getattr(socket, name)), name)
        for name in dir(socket):
            if re.match(r"(AF_PACKET|PF_PACKET|PACKET_|ETH_P_ALL|ETHERTYPE_)", name):
                self.assertIn(name, ours)
        self.assertEqual((ours["ETH_P_ALL"], ours["ETHERTYPE_VLAN"]), (3, 0x8100))


if __name__ == "__main__":
    WHY = own_network()
    if WHY:
        for case in Frames, Describe, Refused:
            case.setUpClass = classmethod(lambda cls: cls.skipTest(cls, WHY))
    kintest.main()
