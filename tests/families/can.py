#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/families/can.py: frames on a bus, with Python's socket module and can-utils at the other end.

Needs: can plugins
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import cantest
import kintest
from cantest import CanTest, frame

# As cansend takes them and, but for the flag FDF that kernels since 6.1 add, candump -L has them.
STANDARD = ["123#DEADBEEF", "7FF#", "000#00", "123#1122334455667788", "123#R", "123#R4",
            "123##0", "123##1DEADBEEF", "456##2" + "A5" * 64]
EXTENDED = ["00000123#01", "1FFFFFFF#R8", "18DA10F1##3" + "00" * 12]
ERRORS = ["20000004#0001000000000000", "2000000C#00300A0800000000", "20000001#0000000000000000",
          "2000018A#05000000000060FF", "200000F0#00",
          "20000008#0000FF1E00000000", "20000002#1F00000000000100"]


def unflagged(line):
    """Without the flag that only says that an FD frame is one."""
    return re.sub(r"##([0-9A-F])", lambda match: f"##{int(match[1], 16) & ~4:X}", line)


class Watch(CanTest):
    def compare(self, frames, dump, watch, *options):
        """What candump and kin print of the same frames."""
        theirs = self.listening("candump", "-n", str(len(frames)), *dump)
        ours = self.watch("--count", str(len(frames)), "--timeout=20", *options, watch)
        for text in frames:
            self.run_tool("cansend", "vcan0", text)
        return self.finish(ours), self.finish(theirs)

    def test_candumps_lines(self):
        """All but that candump moves standard identifiers to the right once it saw an extended one."""
        ours, theirs = self.compare(STANDARD + EXTENDED, ["vcan0"], "can:vcan0", "--time=none")
        self.assertEqual(ours, theirs)
        self.assertEqual(ours[0], "  vcan0  123   [4]  DE AD BE EF")

    def test_candumps_log(self):
        """The times, too: the kernel's, to the microsecond."""
        ours, theirs = self.compare(STANDARD + EXTENDED, ["-L", "vcan0"], "can:vcan0", "--log")
        self.assertEqual(ours, theirs)
        self.assertEqual([unflagged(line.split()[2]) for line in ours], STANDARD + EXTENDED)

    def test_error_frames(self):
        """candump -e writes the classes on lines of their own."""
        ours, theirs = self.compare(ERRORS, ["-e", "vcan0,0:0,#FFFFFFFF"], "can:vcan0", "--time=none")
        self.assertEqual([line for line in theirs if line.startswith("  vcan0")],
                         [line.split("ERRORFRAME")[0] + "ERRORFRAME" for line in ours])
        words = [line.split("ERRORFRAME  ")[1] for line in ours]
        text = re.sub(r"\n\t", ",", "\n".join(theirs))
        for word in words:
            self.assertIn("ERRORFRAME," + word, text)
        self.assertEqual(words[0], "controller-problem{rx-overflow}")

    def test_counters(self):
        """A class of Linux 6.1, which candump 2020.11 has no word for."""
        process = self.watch("--count=1", "--time=none", "can:vcan0")
        self.run_tool("cansend", "vcan0", "20000200#0000000000001122")
        self.assertTrue(self.finish(process)[0].endswith("ERRORFRAME  error-counter-tx-rx{{17}{34}}"))

    def test_what_is_asked_for(self):
        """The endpoint's own options before those that kin watch sets."""
        process = self.watch("--count=2", "--time=none",
                             "can:vcan0?can.err-filter=0&can.fd-frames=0&can.xl-frames=0")
        for text in "20000004#00", "123##0", "123#01", "124##0", "124#02":
            self.run_tool("cansend", "vcan0", text)
        self.assertEqual(self.finish(process), ["  vcan0  123   [1]  01", "  vcan0  124   [1]  02"])

    def test_random_frames(self):
        """cangen's, logged by both: as many as a socket's buffer holds."""
        for options in [], ["-f"], ["-m", "-R"]:
            theirs = self.listening("candump", "-L", "-n", "100", "vcan0")
            ours = self.watch("--log", "--count=100", "--timeout=20", "can:vcan0")
            self.run_tool("cangen", "vcan0", "-g", "0", "-n", "100", *options)
            self.assertEqual(self.finish(ours), self.finish(theirs))

    def test_all_interfaces(self):
        process = self.watch("--count=2", "--log", "can:")
        for bus in "vcan1", "vcan0":
            self.run_tool("cansend", bus, "123#01")
        self.assertEqual([line.split(" ", 1)[1] for line in self.finish(process)],
                         ["vcan1 123#01", "vcan0 123#01"])

    def test_from_python(self):
        process = self.watch("--json", "--count=2", "can:vcan0")
        end = self.python(bind=("vcan0",))
        for text in "12345678#AABB", "123##1AABB":
            end.send(frame(text))
        first, second = (json.loads(line) for line in self.finish(process))
        self.assertEqual((first["from"], bytes.fromhex(first["data"])),
                         ("can:vcan0", frame("12345678#AABB")))
        self.assertEqual(first["text"], "  vcan0  12345678   [2]  AA BB")
        self.assertEqual(second["length"], 72)

    def test_drops(self):
        """Each frame is shown, or counted as dropped before one that is."""
        process = self.watch("--time=none", "can:vcan0?so.rcvbuf=2048")
        process.send_signal(signal.SIGSTOP)
        end = self.python(bind=("vcan0",))
        for _ in range(200):
            end.send(frame("123#"))
        process.send_signal(signal.SIGCONT)
        dropped, lines = 0, 0
        while lines + dropped < 201:
            line = process.stdout.readline().decode()
            self.assertTrue(line)
            if line.endswith(" dropped\n"):
                dropped += int(line.split()[0])
            else:
                lines += 1
                if lines == 1:   # there is room again
                    end.send(frame("123#"))
        self.assertGreater(dropped, 0)

    def test_filters(self):
        for options, passed in (("123:7FF,400:700", {"123", "456", "4FF"}),
                                ("~123:7FF", {"124", "456", "4FF", "12345678"}),
                                ("123,12345678", {"123", "12345678"}), ("", set()),
                                ("120:7F0,124:00F&can.join-filters=1", {"124"})):
            with self.subTest(filter=options):
                process = self.watch("--log", "--count", str(len(passed) + 1),
                                     f"can:vcan0?can.err-filter=4&can.filter={options}")
                for number in "123", "124", "456", "4FF", "12345678":
                    self.run_tool("cansend", "vcan0", number + "#")
                # An error frame matches no filter, so it comes last, but not beside join-filters.
                self.run_tool("cansend", "vcan0", "124#" if "join" in options else "20000004#00")
                lines = [line.split()[2] for line in self.finish(process)]
                self.assertEqual({line[:-1] for line in lines[:-1]}, passed)


class Send(CanTest):
    def test_to_candump(self):
        theirs = self.listening("candump", "-L", "-n", str(len(STANDARD + EXTENDED)), "vcan0")
        self.send("can:vcan0", *STANDARD, *EXTENDED)
        self.assertEqual([unflagged(line.split(" ", 2)[2]) for line in self.finish(theirs)],
                         STANDARD + EXTENDED)

    def test_to_python(self):
        end = self.python(bind=("vcan0",))
        self.send("can:vcan0", "12345678#AA.BB", "123##1AABB")
        self.send("can:vcan0", "123#1122334455667788_C")
        self.send("--hex", "can:vcan0", frame("123#01").hex())
        self.assertEqual(end.recvfrom(100), (frame("12345678#AABB"), ("vcan0",)))
        self.assertEqual(unflagged("##" + str(end.recv(100)[5])), "##1")
        self.assertEqual(end.recv(100), bytes.fromhex("23010000 08 00 00 0C 1122334455667788"))
        self.assertEqual(end.recv(100), frame("123#01"))

    def test_lengths_of_fd(self):
        """What no controller can send is filled up, as cansend does."""
        theirs = self.listening("candump", "-L", "-n", "4", "vcan0")
        for n in 9, 33:
            text = "123##0" + "11" * n
            self.run_tool("cansend", "vcan0", text)
            self.send("can:vcan0", text)
        lines = [line.split()[2] for line in self.finish(theirs)]
        self.assertEqual(lines[0::2], lines[1::2])

    def test_xl(self):
        """can-utils of Debian 12 know none: Python's socket, and kin itself."""
        end = self.python()
        try:
            end.setsockopt(socket.SOL_CAN_RAW, 7, 1)
        except OSError:
            self.skipTest("the kernel has no CAN XL (Linux 6.1)")
        end.bind(("vcan2",))
        process = self.watch("--time=none", "--count=2", "can:vcan2")
        log = self.watch("--log", "--count=2", "can:vcan2")
        self.send("can:vcan2", "123#81:05:12345678#" + "11" * 100)
        data = end.recv(4096)
        self.assertEqual(data, bytes.fromhex("23010000 81 05 6400 78563412") + b"\x11" * 100)
        end.send(data[:6] + b"\2\0" + data[8:14])
        lines = self.finish(process)
        self.assertEqual(lines[1], "  vcan2  123 [0002] (00|81:05:12345678) 11 11")
        self.assertEqual(lines[0], "  vcan2  123 [0100] (00|81:05:12345678)" + " 11" * 64 + " ...")
        self.assertTrue(self.finish(log)[1].endswith(" vcan2 00123#81:05:12345678#1111"))

    def test_bad_frames(self):
        for text in ("123", "#", "12#", "1234#", "800#", "123#1", "123#gg", "123#" + "00" * 9, "123#R9",
                     "40000000#", "123##", "123##1" + "00" * 65, "123##1001", "123#11.", "123# 11",
                     "123#80:00:00000000#", "123#00:00:00000000#11", "FFFFFFFF#", "123#11_9", "123#_9"):
            message = self.send("can:vcan0", text, code=2)
            self.assertIn(f'"{text}" is no datagram of can: ', message)
            self.assertIn("as in 123#", message)


class Replay(CanTest):
    def setUp(self):
        super().setUp()
        folder = tempfile.mkdtemp(prefix="kin-")
        self.addCleanup(shutil.rmtree, folder)
        self.log = os.path.join(folder, "log")

    def test_a_log_of_candump(self):
        """Each frame to its bus, at its time."""
        lines = ["(1436509052.000000) vcan0 123#01", "(1436509052.300000) vcan1 12345678##0AABB",
                 "(1436509052.310000) vcan0 123#R2 R", "(1436509052.600000) vcan0 124#"]
        with open(self.log, "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        theirs = self.listening("candump", "-L", "-n", "4", "any")
        self.send("--replay", self.log, "can:")
        got = self.finish(theirs)
        self.assertEqual([unflagged(line.split(" ", 1)[1]) for line in got],
                         [line.split(" ", 1)[1].removesuffix(" R") for line in lines])
        times = [float(line[1:line.index(")")]) for line in got]
        for time_there, wanted in zip(times, (0, 0.3, 0.31, 0.6)):
            self.assertGreaterEqual(time_there - times[0], wanted - 0.02)
            self.assertLess(time_there - times[0], wanted + 5)

    def test_canplayer_and_back(self):
        """What kin logged canplayer plays, and kin elsewhere."""
        ours = self.watch("--log", "--count=50", "can:vcan0")
        self.run_tool("cangen", "vcan0", "-g", "0", "-n", "50", "-m")
        logged = self.finish(ours)
        with open(self.log, "w", encoding="ascii") as file:
            file.write("\n".join(logged) + "\n")
        again = self.watch("--log", "--count=50", "can:vcan0")
        self.run_tool("canplayer", "-I", self.log)
        other = self.watch("--log", "--count=50", "can:vcan1")
        self.send("--replay", self.log, "can:vcan1")
        frames = [line.split()[2] for line in logged]
        self.assertEqual([line.split()[2] for line in self.finish(again)], frames)
        self.assertEqual([line.split()[1:] for line in self.finish(other)],
                         [["vcan1", text] for text in frames])

    def test_a_bus_that_is_not_there(self):
        with open(self.log, "w", encoding="ascii") as file:
            file.write("(1.0) vcan0 123#\n(1.1) can7 123#\n")
        end = self.python(bind=("vcan0",))
        message = self.send("--replay", self.log, "can:", code=2)
        self.assertRegex(message, r'line 2 of \S+: "can:can7": [^\n]*ip link add vcan0')
        end.setblocking(False)
        self.assertRaises(BlockingIOError, end.recv, 100)


class Failures(CanTest):
    def test_interfaces(self):
        """The message has the command that helps."""
        self.assertRefused(2, ["no such interface", "ip link add vcan0"], "watch", "can:can7")
        self.assertRefused(1, ["cannot bind", "ip link show type can"], "watch", "can:lo")
        self.assertRefused(1, ["cannot connect", "ip link show type can"], "send", "can:lo", "123#")
        self.assertRefused(1, ["Network is down", "ip link set vcan0 up"], "send", "can:vcan4", "123#")
        self.assertRefused(1, ["bound to all interfaces"], "send", "can:", "123#")
        self.assertRefused(1, ["ip link set vcan0 mtu 72"], "send", "can:vcan3", "123##0")
        for scheme, rest in (("can-bcm", ""), ("can-isotp", ",123,321"), ("j1939", ",any,any,0x80")):
            self.assertRefused(1, ["cannot bind", "ip link show type can"], "watch", f"{scheme}:lo{rest}")

    def test_down(self):
        process = self.start(kintest.KIN, "watch", "can:vcan4")
        _, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 1)
        self.assertIn(b"Network is down; ip link set vcan0 up", err)

    def test_a_full_queue(self):
        """kin waits until there is room, and at last says what may be wrong."""
        done = subprocess.run(["tc", "qdisc", "replace", "dev", "vcan1", "root", "tbf", "rate", "8kbit",
                               "burst", "16", "limit", "32"], capture_output=True, check=False)
        if done.returncode != 0:
            self.skipTest(f"the kernel has no token bucket: modprobe sch_tbf ({done.stderr})")
        self.addCleanup(self.run_tool, "tc", "qdisc", "del", "dev", "vcan1", "root")
        theirs = self.listening("candump", "-n", "20", "vcan1")
        self.send("--count=20", "can:vcan1", "123#0011223344556677")
        self.assertEqual(len(self.finish(theirs)), 20)


class Doctor(CanTest):
    def test_round_trips(self):
        done = kintest.kin("doctor", "--json", "can")
        self.assertEqual(json.loads(done.stdout)[0],
                         {"name": "can", "state": "ok",
                          "message": "round trip by can, can-bcm, can-isotp, j1939"})

    def test_a_real_bus_stays_silent(self):
        """With no vcan that is up; the pair of vxcan counts as real."""
        for bus in range(4):
            self.run_tool("ip", "link", "set", f"vcan{bus}", "down")
            self.addCleanup(self.run_tool, "ip", "link", "set", f"vcan{bus}", "up")
        end = self.python(bind=("",))
        done = kintest.kin("doctor", "can")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"\Acan +missing .*no virtual CAN interface is up.*ip link add vcan0")
        end.setblocking(False)
        self.assertRaises(OSError, end.recv, 100)   # EAGAIN, or that one went down
        self.assertRaises(BlockingIOError, end.recv, 100)


class WithoutCan(kintest.PeerTest):
    """Where the kernel has none."""

    def test_no_such_interface(self):
        self.assertRefused(2, ["no such interface", "ip link add vcan0"], "watch", "can:can7")

    def test_addresses(self):
        """lo is an interface; nothing is opened."""
        for text, tuple_text in (("can:lo", "('lo',)"), ("can:", "('',)"), ("can-bcm:lo", "('lo',)"),
                                 ("can-isotp:lo,123,00000456", "('lo', 291, 2147484758)"),
                                 ("can-isotp:lo,0x40000123,456", "('lo', 1073742115, 1110)"),
                                 ("j1939:lo,any,any,any", "('lo', 0, 262144, 255)"),
                                 ("j1939:lo,0x00000000006341ca,0x12300,0x20",
                                  "('lo', 6504906, 74496, 32)")):
            done = kintest.kin("resolve", "--json", text)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(tuple_text, done.stdout)
            self.assertIn(f'"{text}"', done.stdout)

    def test_bad_addresses(self):
        for text in ("can:lo,1", "can-isotp:lo", "can-isotp:lo,1,123", "can-isotp:lo,800,123",
                     "can-isotp:lo,20000000,123", "can-isotp:lo,123,0x1ffffffff", "can-isotp:lo,-12,123",
                     "j1939:lo,any,any", "j1939:lo,any,0x80000,1", "j1939:lo,any,any,256",
                     "j1939:lo,0x10000000000000000,any,1", "can:lo?can.filter=12345:7FF",
                     "can:lo?can.filter=123:xyz", "can:lo?can.fd=1"):
            self.assertRefused(2, text.split(":")[0], "watch", text)


if __name__ == "__main__":
    cantest.isolate()
    kintest.main()
