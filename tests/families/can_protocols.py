#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/families/can_protocols.py: the broadcast manager, ISO-TP and J1939, with Python's socket module
and the tools of can-utils at the other end.

Needs: can plugins
"""
import json
import os
import random
import re
import shutil
import signal
import socket
import struct
import tempfile
import time

import cantest
import kintest
from cantest import CanTest, frame

LONG = random.Random(1).randbytes(1000)
SHORT = b"8 bytes."
ANY = (socket.J1939_NO_NAME, socket.J1939_NO_PGN)


def manager_message(operation, flags, number, frames=(), first=0.0, second=0.0):
    """struct bcm_msg_head and frames, as Python's users write it."""
    times = [int(part) for time_ in (first, second) for part in (time_, time_ % 1 * 1e6)]
    return struct.pack("@3I4l2I0q", operation, flags, 0, *times, number, len(frames)) + b"".join(frames)


class Manager(CanTest):
    def test_cycles(self):
        """As long as the socket is there."""
        theirs = self.listening("candump", "-L", "-n", "4", "vcan0")
        process = self.start(kintest.KIN, "send", "--wait=30", "can-bcm:vcan0",
                             "TX_SETUP SETTIMER STARTTIMER ival2=0.05 7A0#DEADBEEF")
        lines = self.finish(theirs)
        self.assertEqual({line.split()[2] for line in lines}, {"7A0#DEADBEEF"})
        first, last = (float(lines[i].split()[0].strip("()")) for i in (0, 3))
        self.assertTrue(0.1 <= last - first < 3, lines)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), -signal.SIGINT)
        end = self.python(bind=("vcan0",))
        end.settimeout(0.3)
        self.assertRaises(TimeoutError, end.recv, 100)

    def test_several_frames_in_turn(self):
        theirs = self.listening("candump", "-L", "-n", "5", "vcan0")
        self.send("--wait=1", "can-bcm:vcan0",
                  "TX_SETUP SETTIMER STARTTIMER count=5 ival1=0.02 123#01 123#02")
        self.assertTrue(all(line.split()[2] in ("123#01", "123#02") for line in self.finish(theirs)))

    def test_python_hears(self):
        end = self.python(socket.CAN_BCM, connect=("vcan0",))
        end.send(manager_message(socket.CAN_BCM_RX_SETUP, socket.CAN_BCM_RX_FILTER_ID, 0x123))
        self.send("can-bcm:vcan0", "TX_SEND 123#AABB")
        self.assertEqual(end.recv(100), manager_message(
            socket.CAN_BCM_RX_CHANGED, socket.CAN_BCM_RX_FILTER_ID, 0x123, [frame("123#AABB")]))

    def test_changes(self):
        """Of the bits that the filter names; and that it is silent."""
        process = self.watch("--count=3", "--time=none", "--send", "RX_SETUP SETTIMER ival1=0.5 042#FF00",
                             "can-bcm:vcan0")
        for text in "042#0101", "042#0102", "042#0201":
            self.run_tool("cansend", "vcan0", text)
        lines = self.finish(process)
        self.assertEqual([re.sub("(SETTIMER|STARTTIMER) |ival1=[0-9.]+ ", "", line) for line in lines[:2]],
                         ["  vcan0  RX_CHANGED 042#0101", "  vcan0  RX_CHANGED 042#0201"])
        self.assertTrue(lines[2].startswith("  vcan0  RX_TIMEOUT "), lines[2])

    def test_python_sends(self):
        process = self.watch("--count=1", "--json", "--send", "RX_SETUP RX_FILTER_ID id=12345678",
                             "can-bcm:vcan0")
        end = self.python(socket.CAN_BCM, connect=("vcan0",))
        end.send(manager_message(socket.CAN_BCM_TX_SEND, 0, 0, [frame("12345678#0102")]))
        line = json.loads(self.finish(process)[0])
        self.assertEqual(bytes.fromhex(line["data"]), manager_message(
            socket.CAN_BCM_RX_CHANGED, socket.CAN_BCM_RX_FILTER_ID, 0x12345678 | socket.CAN_EFF_FLAG,
            [frame("12345678#0102")]))
        self.assertEqual(line["text"], "  vcan0  RX_CHANGED RX_FILTER_ID 12345678#0102")

    def test_fd_and_log(self):
        process = self.watch("--count=1", "--log", "--send", "RX_SETUP RX_FILTER_ID CAN_FD_FRAME id=123",
                             "can-bcm:vcan0")
        self.send("can-bcm:vcan0", "TX_SEND 123##1AABB")
        self.assertRegex(self.finish(process)[0],
                         r"\A\([0-9.]+\) vcan0 RX_CHANGED RX_FILTER_ID 123##[15]AABB\Z")

    def test_bad_messages(self):
        for text, says in (("TX_SENT 123#", "an operation comes first"), ("TX_SEND 12#", "3 hexadecimal"),
                           ("TX_SEND 123# 123##0", "all classic or all FD"), ("TX_SETUP count=-1", "count="),
                           ("TX_SETUP ival1=1.x 123#", "ival1="), ("TX_DELETE id=12345", "id="),
                           ("TX_SETUP SETTIMERS 123#", "SETTIMERS"), ("TX_SEND" + 257 * " 123#", "256")):
            self.assertIn(says, self.send("can-bcm:vcan0", text, code=2))


class IsoTp(CanTest):
    def setUp(self):
        super().setUp()
        folder = tempfile.mkdtemp(prefix="kin-")
        self.addCleanup(shutil.rmtree, folder)
        self.file = os.path.join(folder, "data")
        with open(self.file, "wb") as file:
            file.write(LONG)

    def test_to_isotprecv(self):
        """Plain, and padded with an address in each frame."""
        for theirs, ours in (([], ""), (["-p", "55:66", "-x", "A1:B2"],
                             "?isotp.opts=ext-addr+rx-ext-addr+tx-padding:0:0xb2:0x66:0xcc:0xa1")):
            process = self.listening("isotprecv", "-s", "321", "-d", "123", *theirs, "vcan0")
            self.send("--wait=2", "--file", self.file, "can-isotp:vcan0,321,123" + ours)
            self.assertEqual(bytes.fromhex(self.finish(process)[0]), LONG)

    def test_from_isotpsend(self):
        for theirs, ours in (([], ""), (["-x", "A1"], "?isotp.opts=ext-addr:0:0xa1"),
                             (["-b", "-L", "72:64:1"], "?isotp.ll-opts=can-fd:64:0x1")):
            theirs = [option for option in theirs if option != "-b"]
            process = self.watch("--count=1", "--json", "can-isotp:vcan0,00000123,00000321" + ours)
            self.run_tool("isotpsend", "-s", "00000123", "-d", "00000321", *theirs, "vcan0",
                          input=LONG.hex(" ").encode())
            line = json.loads(self.finish(process)[0])
            self.assertEqual(bytes.fromhex(line["data"]), LONG)
            self.assertEqual(line["from"], "can-isotp:vcan0,000,000")   # as Python has it

    def test_python(self):
        end = self.python(socket.CAN_ISOTP, bind=("vcan0", 0x321, 0x123))
        process = self.watch("--count=1", "--time=none", "can-isotp:vcan0,123,321")
        end.send(SHORT)
        self.assertEqual(self.finish(process), ["  vcan0  [8]  " + SHORT.hex(" ").upper()])
        self.send("--hex", "can-isotp:vcan0,123,321", SHORT.hex())
        self.assertEqual(end.recv(100), SHORT)

    def test_both_ways_on_one_socket(self):
        end = self.python(socket.CAN_ISOTP, bind=("vcan0", 0x321, 0x123))
        process = self.start(kintest.KIN, "connect", "can-isotp:vcan0,123,321")
        process.stdin.write(b"question")
        process.stdin.flush()
        self.assertEqual(end.recv(100), b"question")
        end.send(b"answer of several frames")
        self.assertEqual(process.stdout.read(24), b"answer of several frames")

    def test_nobody_listens(self):
        """Without a flow control the rest of a message is not sent."""
        self.assertRefused(1, ["Communication error on send", "identifiers the other way round"], "send",
                           "--file", self.file, "can-isotp:vcan0,321,123?isotp.opts=wait-tx-done")

    def test_failures(self):
        self.assertRefused(1, "the two identifiers must differ", "watch", "can-isotp:vcan0,123,123")
        self.assertRefused(1, "ip link show type can", "watch", "can-isotp:,123,321")


class J1939(CanTest):
    def test_to_j1939cat(self):
        """A message of several packets."""
        process = self.start("j1939cat", "-r", "vcan0:0x90", stdin=None)
        time.sleep(1)
        self.send("--bind=j1939:vcan0,any,any,0x80", "j1939:vcan0,any,0x12300,0x90", LONG.hex())
        data = b""
        while len(data) < 2000:
            data += os.read(process.stdout.fileno(), 4096)
        self.assertEqual(data.decode(), LONG.hex())

    def test_from_j1939cat(self):
        """Which sends, and then fails: its buffer is too small for what 6.1 tells of the message."""
        process = self.listen("j1939:vcan0,any,any,0x90")
        self.assertEqual(process.endpoint, "j1939:vcan0,any,any,0x90")
        with tempfile.NamedTemporaryFile() as file:
            file.write(LONG[:100])
            file.flush()
            sender = self.start("j1939cat", "-i", file.name, "vcan0:0x80", ":0x90,0x12300")
            sender.wait(20)
        self.assertEqual(process.stdout.read(100), LONG[:100])

    def test_of_several_packets(self):
        """Of whom, but by which interface the kernel does not say."""
        process = self.watch("--count=1", "--json", "j1939:vcan0,any,any,0x90")
        end = self.python(socket.CAN_J1939, bind=("vcan0", *ANY, 0x98))
        end.sendto(LONG, ("vcan0", socket.J1939_NO_NAME, 0x12300, 0x90))
        line = json.loads(self.finish(process)[0])
        self.assertEqual(bytes.fromhex(line["data"]), LONG)
        self.assertRegex(line["from"], r"\Aj1939:(vcan0)?,any,0x12300,0x98\Z")

    def test_from_testj1939(self):
        process = self.watch("--count=1", "--time=none", "j1939:vcan0,any,any,0x90")
        self.run_tool("testj1939", "-s", "vcan0:0x81", ":0x90,0x12300")
        self.assertRegex(self.finish(process)[0], r"\A  vcan0:81,12300  \[8\]  01 23 45 67 89 AB CD EF\Z")

    def test_python(self):
        end = self.python(socket.CAN_J1939, bind=("vcan0", *ANY, 0x91))
        self.send("--bind=j1939:vcan0,any,any,0x92", "j1939:vcan0,any,0x12300,0x91", "8 bytes.")
        self.assertEqual(end.recvfrom(100), (SHORT, ("vcan0", 0, 0x12300, 0x92)))
        process = self.watch("--count=1", "--time=none", "j1939:vcan0,any,any,0x92")
        end.sendto(SHORT, ("vcan0", socket.J1939_NO_NAME, 0x12300, 0x92))
        self.assertEqual(self.finish(process), ["  vcan0:91,12300  [8]  " + SHORT.hex(" ").upper()])

    def test_names(self):
        """A node claims an address for its name, and both know it by that."""
        end = self.python(socket.CAN_J1939, bind=("vcan0", 0x6341ca, socket.J1939_NO_PGN, 0x93))
        end.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        process = self.watch("--count=2", "--time=none", "j1939:vcan0,any,any,any")
        end.sendto(struct.pack("<Q", 0x6341ca), ("vcan0", socket.J1939_NO_NAME, 0xee00, 0xff))
        time.sleep(0.5)
        end.sendto(SHORT, ("vcan0", socket.J1939_NO_NAME, 0xfeca, 0xff))
        self.assertEqual(self.finish(process),
                         ["  vcan0:00000000006341ca,0ee00  [8]  CA 41 63 00 00 00 00 00",
                          "  vcan0:00000000006341ca,0feca  [8]  " + SHORT.hex(" ").upper()])

    def test_to_all(self):
        end = self.python(socket.CAN_J1939, bind=("vcan0", *ANY, 0x94))
        end.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.send("--bind=j1939:vcan0,any,any,0x95", "j1939:vcan0,any,0xfeca,any?so.broadcast=1", "8 bytes.")
        self.assertEqual(end.recvfrom(100), (SHORT, ("vcan0", 0, 0xfeca, 0x95)))

    def test_what_is_for_others(self):
        for options, numbers in (("?j1939.promisc=1", ("0x12300", "0x12400")),
                                 ("?j1939.promisc=1&j1939.filter=0:0:0x12400:0x3ffff", ("0x12400",))):
            process = self.watch("--json", "--count", str(len(numbers)), "j1939:vcan0,any,any,0xa0" + options)
            for number in "0x12300", "0x12400":
                self.send("--bind=j1939:vcan0,any,any,0x96", f"j1939:vcan0,any,{number},0x97", "x")
            self.assertEqual(tuple(json.loads(line)["from"].split(",")[2] for line in self.finish(process)),
                             numbers)

    def test_failures(self):
        there = "j1939:vcan0,any,0x12300,0x90"
        self.assertRefused(1, ["Invalid argument", "--bind j1939:"], "send", there, "x")
        self.assertRefused(1, "so.broadcast=1", "send", "--bind=j1939:vcan0,any,any,0x80",
                           "j1939:vcan0,any,0xfeca,any", "x")
        self.assertRefused(1, "those below 0xF000 end in 00", "watch", "j1939:vcan0,any,0xea01,0x80")
        self.assertRefused(1, "ip link set vcan0 up", "watch", "j1939:vcan4,any,any,0x80")


if __name__ == "__main__":
    cantest.isolate()
    kintest.main()
