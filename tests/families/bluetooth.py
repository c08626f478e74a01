#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/families/bluetooth.py: between two controllers of this machine, hci0 and hci1, with Python,
l2test, rctest, hcitool and btmon at the far end.

Needs: bluetooth
"""
import ast
import ctypes
import os
import re
import socket
import struct
import subprocess
import unittest

import kintest

AF = socket.AF_BLUETOOTH if hasattr(socket, "AF_BLUETOOTH") else 31
L2CAP, HCI, SCO, RFCOMM = 0, 1, 2, 3
# Scheme, Python's socket, and what follows the device; SCO has one socket a device.
CONNECTIONS = [
    ("l2cap", socket.SOCK_SEQPACKET, L2CAP, 0x1003),
    ("l2cap-stream", socket.SOCK_STREAM, L2CAP, 0x1005),
    ("rfcomm", socket.SOCK_STREAM, RFCOMM, 5),
    ("sco", socket.SOCK_SEQPACKET, SCO, None),
]
CONTROL, MONITOR, NONE = 3, 2, 0xffff
SET_LOCAL_NAME = 0x000f
READ_ADDRESS = "HCI Command: Read BD ADDR (0x04|0x0009) plen 0"


def has_controllers():
    return all(os.path.exists(f"/sys/class/bluetooth/hci{i}") for i in (0, 1))


def address_of(controller):
    done = subprocess.run(["hciconfig", controller], capture_output=True, text=True, check=True)
    return re.search(r"BD Address: (\S+)", done.stdout)[1]


class BluetoothTest(kintest.PeerTest):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not has_controllers():
            raise unittest.SkipTest("the kernel has no two Bluetooth controllers: "
                                    "modprobe hci_vhci, btvirt -l2")
        cls.devices = [address_of("hci0"), address_of("hci1")]

    def python(self, kind, protocol):
        end = socket.socket(AF, kind, protocol)
        end.settimeout(20)
        self.addCleanup(end.close)
        return end

    def name(self, controller, protocol, rest):
        """Python's address: SCO's is the device alone, as bytes."""
        device = self.devices[controller]
        return device.encode() if protocol == SCO else (device, rest)

    def serve(self, kind, protocol, rest, controller=1):
        server = self.python(kind, protocol)
        server.bind(self.name(controller, protocol, rest))
        server.listen()
        return server

    def dial(self, kind, protocol, rest):
        """From hci0 to hci1."""
        client = self.python(kind, protocol)
        client.bind(self.name(0, protocol, 0))
        client.connect(self.name(1, protocol, rest))
        return client

    def hold_link(self):
        """Linux makes no voice link where it would have to make the devices' link first."""
        door = self.serve(socket.SOCK_SEQPACKET, L2CAP, 0x10f1)
        link = self.dial(socket.SOCK_SEQPACKET, L2CAP, 0x10f1)
        connection, _ = door.accept()
        self.addCleanup(connection.close)
        return link

    def endpoint(self, scheme, rest, device="hci1"):
        text = f"{scheme}:{device}"
        if rest is None:
            return text
        return f"{text},{rest:#x}" if scheme.startswith("l2cap") else f"{text},{rest}"

    def manage(self, *packets):
        """A management socket, which Python can make but not name; sends the packets."""
        end = self.python(socket.SOCK_RAW, HCI)
        name = struct.pack("=HHH", AF, NONE, CONTROL)
        libc = ctypes.CDLL(None, use_errno=True)
        self.assertEqual(libc.bind(end.fileno(), name, len(name)), 0, ctypes.get_errno())
        for packet in packets:
            end.send(packet)
        return end


class Connections(BluetoothTest):
    def talk(self, kin, connection):
        kin.stdin.write(b"from kin")
        kin.stdin.flush()
        self.assertEqual(connection.recv(100), b"from kin")
        connection.send(b"from python")
        self.assertEqual(kin.stdout.read(11), b"from python")

    def test_kin_connects(self):
        self.hold_link()
        for scheme, kind, protocol, rest in CONNECTIONS:
            with self.subTest(scheme=scheme), self.serve(kind, protocol, rest) as server:
                client = self.start(kintest.KIN, "connect", self.endpoint(scheme, rest))
                connection, peer = server.accept()
                with connection:
                    connection.settimeout(20)
                    self.assertEqual(peer if protocol == SCO else peer[0], self.devices[0])
                    self.talk(client, connection)
                    connection.shutdown(socket.SHUT_RDWR)
                self.assertEnds(client, b"")

    def test_kin_listens(self):
        self.hold_link()
        for scheme, kind, protocol, rest in CONNECTIONS:
            with self.subTest(scheme=scheme):
                server = self.listen(self.endpoint(scheme, rest))
                self.assertEqual(server.endpoint, self.endpoint(scheme, rest, self.devices[1]))
                with self.dial(kind, protocol, rest) as client:
                    self.talk(server, client)
                server.stdin.close()
                self.assertEqual(server.wait(20), 0)

    def test_chosen_psm_and_channel(self):
        for scheme, pattern in (("l2cap", "0x10[0-9a-f]{2}"), ("rfcomm", "[0-9]+")):
            server = self.listen(self.endpoint(scheme, 0))
            self.assertRegex(server.endpoint, rf"\A{scheme}:{self.devices[1]},{pattern}\Z")
            client = self.start(kintest.KIN, "connect", server.endpoint)
            client.stdin.write(b"found")
            client.stdin.flush()
            self.assertEqual(server.stdout.read(5), b"found")
            self.stop(client)
            self.stop(server)

    def test_big(self):
        """More than any buffer, each way."""
        data = os.urandom(60000)
        server = self.listen(self.endpoint("rfcomm", 9))
        client = self.dial(socket.SOCK_STREAM, RFCOMM, 9)
        client.sendall(data)
        self.assertEqual(server.stdout.read(len(data)), data)
        server.stdin.write(data)
        server.stdin.flush()
        received = b""
        while len(received) < len(data):
            received += client.recv(65536)
        self.assertEqual(received, data)
        client.close()
        self.assertEnds(server, b"")

    def test_end_of_input(self):
        """Bluetooth cannot close one way alone: the answer comes all the same."""
        server = self.serve(socket.SOCK_STREAM, RFCOMM, 13)
        client = self.start(kintest.KIN, "connect", self.endpoint("rfcomm", 13),
                            stdin=subprocess.DEVNULL)
        connection, _ = server.accept()
        with connection:
            connection.send(b"late answer")
            self.assertEqual(client.stdout.read(11), b"late answer")
        self.assertEnds(client, b"")

    def test_datagrams(self):
        server = self.python(socket.SOCK_DGRAM, L2CAP)
        server.bind((self.devices[1], 0x1021))
        done = kintest.kin("send", self.endpoint("l2cap-dgram", 0x1021), "datagram")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        data, sender = server.recvfrom(100)
        self.assertEqual((data, sender[0]), (b"datagram", self.devices[0]))
        watcher = self.start(kintest.KIN, "watch", "--count", "1", "--time", "none",
                             self.endpoint("l2cap-dgram", 0x1023))
        watcher.stderr.readline()
        with self.dial(socket.SOCK_DGRAM, L2CAP, 0x1023) as client:
            client.send(b"from python")
            out, err = watcher.communicate(timeout=20)
        self.assertEqual((watcher.returncode, err), (0, b""))
        self.assertRegex(out.decode(), rf"\Al2cap-dgram:{self.devices[0]},0x[0-9a-f]+ 11 bytes\n"
                                       r"  0000  66 72 6f 6d 20 70 79 74 68 6f 6e +\|from python\|")


class Tools(BluetoothTest):
    def started(self, pattern, *command):
        """A tool that writes the pattern once it is ready."""
        tool = self.start("stdbuf", "-oL", "-eL", *command, stderr=subprocess.STDOUT)
        seen = []
        for line in tool.stdout:
            seen.append(line)
            if re.search(pattern, line):
                return tool
        return self.fail(f"{command}: {seen}")

    def kin_to_tool(self, scheme, rest, *command):
        tool = self.started(rb"Receiving|Waiting", *command)
        client = self.start(kintest.KIN, "connect", self.endpoint(scheme, rest))
        client.stdin.write(b"kin talks")
        client.stdin.flush()
        seen = []
        for line in tool.stdout:
            seen.append(line.decode(errors="replace"))
            if "Received 9 bytes" in seen[-1]:
                break
        else:
            self.fail(f"{command}: {seen}")
        if command[0] == "l2test":
            self.assertIn("6b 69 6e 20 74 61 6c 6b 73", tool.stdout.readline().decode())

    def tool_to_kin(self, scheme, rest, *command):
        """These tools send a counter, the length and then one byte again and again."""
        server = self.listen(self.endpoint(scheme, rest))
        self.start(*command, self.devices[1], stderr=subprocess.STDOUT)
        data = server.stdout.read(300)
        for at in range(0, 300, 100):
            self.assertEqual(struct.unpack_from("<IH", data, at), (at // 100, 100))
            self.assertEqual(data[at + 6:at + 100], b"\x7f" * 94)

    def test_l2test(self):
        self.kin_to_tool("l2cap", 4105, "l2test", "-d", "-i", "hci1", "-P", "4105")
        self.tool_to_kin("l2cap", 4107, "l2test", "-s", "-i", "hci0", "-P", "4107", "-b", "100",
                         "-N", "3")

    def test_l2test_stream(self):
        self.kin_to_tool("l2cap-stream", 4109, "l2test", "-d", "-U", "-i", "hci1", "-P", "4109")
        self.tool_to_kin("l2cap-stream", 4111, "l2test", "-s", "-U", "-i", "hci0", "-P", "4111",
                         "-b", "100", "-N", "3")

    def test_rctest(self):
        self.kin_to_tool("rfcomm", 11, "rctest", "-d", "-i", "hci1", "-P", "11")
        self.tool_to_kin("rfcomm", 12, "rctest", "-s", "-i", "hci0", "-P", "12", "-b", "100",
                         "-N", "3")


class Controllers(BluetoothTest):
    def watch(self, endpoint, *options):
        watcher = self.start(kintest.KIN, "watch", "--time", "none", *options, endpoint)
        self.assertRegex(watcher.stderr.readline(), rb"\Akin: ")
        return watcher

    def until(self, stream, pattern):
        """The first line that has it."""
        seen = []
        for line in stream:
            seen.append(line.decode(errors="replace").rstrip("\n"))
            if re.search(pattern, seen[-1]):
                return seen[-1]
        return self.fail(f"{pattern}: {seen}")

    def hcitool(self):
        """Read BD ADDR."""
        done = subprocess.run(["hcitool", "-i", "hci0", "cmd", "0x04", "0x0009"],
                              capture_output=True, text=True, check=True)
        self.assertIn("> HCI Event: 0x0e plen 10", done.stdout)

    def answer(self):
        """The parameters of its answer in hex: status and address, backwards."""
        octets = self.devices[0].lower().split(":")[::-1]
        return "00 " + " ".join(octets)

    def test_watch_raw(self):
        watcher = self.watch("hci:0", "--count", "2")
        self.hcitool()
        out, err = watcher.communicate(timeout=20)
        self.assertEqual((watcher.returncode, err), (0, b""))
        self.assertEqual(out.decode().splitlines(), [
            "[hci0] < " + READ_ADDRESS,
            "[hci0] > HCI Event: Command Complete (0x0e) plen 10:"
            f" Read BD ADDR (0x04|0x0009) ncmd 1: {self.answer()}",
        ])

    def test_filter(self):
        """Events alone, and of them the one."""
        watcher = self.watch("hci:0?hci.filter=0x10:0x4000:0:0x1009", "--count", "1")
        self.hcitool()
        out, err = watcher.communicate(timeout=20)
        self.assertEqual((watcher.returncode, err), (0, b""))
        self.assertIn("> HCI Event: Command Complete (0x0e)", out.decode())

    def test_watch_monitor_as_btmon(self):
        btmon = self.start("stdbuf", "-oL", "btmon", "--columns", "160")
        self.until(btmon.stdout, "= Note: Linux version")
        watcher = self.watch("hci:none,monitor")
        first = self.until(watcher.stdout, "= Note: Linux")
        self.assertEqual(first, f"= Note: Linux version {os.uname().release} (x86_64)")
        self.assertEqual(self.until(watcher.stdout, r"\[hci0\] = New"),
                         f"[hci0] = New Index: {self.devices[0]} (Primary,Virtual,hci0)")
        self.hcitool()
        line = self.until(watcher.stdout, "Read BD ADDR")
        self.assertEqual(line, "[hci0] < " + READ_ADDRESS)
        self.assertIn("< " + READ_ADDRESS, self.until(btmon.stdout, "Read BD ADDR"))
        line = self.until(watcher.stdout, "HCI Event")
        self.assertIn("> HCI Event: Command Complete (0x0e) plen 10", line)
        self.assertIn("> HCI Event: Command Complete (0x0e) plen 10",
                      self.until(btmon.stdout, "HCI Event"))

    def test_names_are_btmons(self):
        """Commands and events, named as btmon names them."""
        btmon = self.start("stdbuf", "-oL", "btmon", "--columns", "160")
        self.until(btmon.stdout, "= Note: Linux version")
        watcher = self.watch("hci:none,monitor")
        self.until(watcher.stdout, "= Note: Linux")
        for words in ("0x04 0x0001", "0x04 0x0003", "0x04 0x0005", "0x03 0x0014", "0x03 0x0019",
                      "0x03 0x0023", "0x03 0x0025", "0x02 0x000e", "0x01 0x0019", "0x3f 0x0001",
                      "0x04 0x0009"):
            subprocess.run(["hcitool", "-i", "hci0", "cmd", *words.split()], check=True,
                           stdout=subprocess.DEVNULL)
        pattern = r"[<>] HCI [^(]*\(0x[0-9a-f|x]+\) plen \d+"
        ours, theirs = [], []
        for stream, found in ((watcher.stdout, ours), (btmon.stdout, theirs)):
            while not found or "Read BD ADDR" not in found[-1]:
                line = self.until(stream, "HCI (Command|Event)")
                found.extend(re.findall(pattern, line))
        self.assertGreater(len(ours), 20, ours)
        self.assertEqual(ours, theirs)

    def test_management(self):
        watcher = self.watch("hci:none,control", "--count", "1")
        name = b"kin".ljust(249, b"\0") + bytes(11)
        self.manage(struct.pack("<HHH", SET_LOCAL_NAME, 1, len(name)) + name)
        out, err = watcher.communicate(timeout=20)
        self.assertEqual((watcher.returncode, err), (0, b""))
        self.assertEqual(out.decode(), "[hci1] @ MGMT Event: Local Name Changed (0x0008) plen 260:"
                                       " 6b 69 6e" + " 00" * 29 + " ...\n")

    def test_send(self):
        """A command from kin; Python, which listens on the controller, has its answer."""
        python = self.python(socket.SOCK_RAW, HCI)
        python.setsockopt(socket.SOL_HCI, socket.HCI_FILTER,
                          struct.pack("=IIIH2x", 1 << 4, 1 << 14, 0, 0x1009))
        python.bind((0,))
        done = kintest.kin("send", "--hex", "hci:0", "01091000")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(python.recv(100)[6:].hex(" "), self.answer())

    def test_resolve(self):
        python = self.python(socket.SOCK_RAW, HCI)
        python.bind((1,))
        done = kintest.kin("resolve", "hci:1")
        self.assertEqual(done.stdout, f"hci:1  ({python.getsockname()},)  bluetooth\n")
        done = kintest.kin("resolve", "l2cap:hci1,0x1001,0x40,le-public")
        text, value, family = done.stdout.rstrip("\n").rsplit("  ", 2)
        self.assertEqual(text, f"l2cap:{self.devices[1]},0x1001,0x40,le-public")
        self.assertEqual(ast.literal_eval(value), (self.devices[1], 0x1001, 0x40, 1))
        self.assertEqual(family, "bluetooth")

    def test_doctor(self):
        done = kintest.kin("doctor", "bluetooth")
        self.assertEqual(done.stdout, "bluetooth  ok  round trip by l2cap, l2cap-stream, rfcomm,"
                                      " sco, hci\n")


class Refused(BluetoothTest):
    def test_no_such_controller(self):
        self.assertRefused(1, ["hci:7", "no such controller"], "watch", "hci:7")
        self.assertRefused(1, "hci7", "resolve", "rfcomm:hci7,3")

    def test_channels(self):
        self.assertRefused(1, "hciconfig hci0 down", "watch", "hci:0,user")
        self.assertRefused(1, "hci:none,monitor", "watch", "hci:0,monitor")

    def test_nobody_listens(self):
        for endpoint in self.endpoint("l2cap", 0x1071), self.endpoint("rfcomm", 29):
            self.assertRefused(1, "nothing listens", "connect", endpoint)

    def test_psm(self):
        self.assertRefused(1, "low byte is odd", "listen", self.endpoint("l2cap", 0x1002))

    def test_in_use(self):
        self.listen(self.endpoint("l2cap", 0x1073))
        self.assertRefused(1, "another socket has that PSM", "listen",
                           self.endpoint("l2cap", 0x1073))

    def test_no_rights(self):
        nobody = ["setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all"]
        for endpoint, words in (("hci:none,monitor", "CAP_NET_RAW"),
                                ("hci:0,user", "CAP_NET_ADMIN"),
                                (self.endpoint("l2cap", 0x0021), "CAP_NET_BIND_SERVICE"),
                                (self.endpoint("l2cap-raw", 0), "CAP_NET_RAW")):
            verb = "listen" if endpoint.startswith("l2cap:") else "watch"
            done = subprocess.run([*nobody, kintest.KIN, verb, endpoint], capture_output=True,
                                  text=True, timeout=20, check=False)
            self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
            self.assertIn(words, done.stderr)


class Anywhere(kintest.PeerTest):
    """What needs no kernel."""

    def test_bad_endpoints(self):
        for endpoint in ("l2cap:", "l2cap:AA:BB:CC:DD:EE:FF", "l2cap:AA:BB:CC:DD:EE,1",
                         "l2cap:AA:BB:CC:DD:EE:FG,1", "l2cap:any,0x10000", "l2cap:any,1,2,lo",
                         "l2cap:any,1,2,3,4", "rfcomm:any,256", "rfcomm:any", "sco:",
                         "sco:AA:BB:CC:DD:EE:FF,1", "sco:AABBCCDDEEFF", "hci:", "hci:hci0",
                         "hci:65536", "hci:0,raw,1", "hci:0,nothing"):
            with self.subTest(endpoint=endpoint):
                self.assertRefused(2, endpoint.split(":", maxsplit=1)[0], "resolve", endpoint)

    def test_any(self):
        """All controllers, or what to do about a kernel without Bluetooth."""
        try:
            socket.socket(AF, socket.SOCK_STREAM, RFCOMM).close()
        except OSError:
            self.assertRefused(1, "modprobe", "listen", "rfcomm:any,0")
        else:
            self.assertRegex(self.listen("rfcomm:any,0").endpoint, r"\Arfcomm:any,[1-9]")


if __name__ == "__main__":
    kintest.main()
