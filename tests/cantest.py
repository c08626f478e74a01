# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/cantest.py: what the tests of can have in common: buses of their own.

isolate () puts the script into a network namespace of its own, with virtual buses: vcan0 and vcan1
(FD), vcan2 (XL), vcan3 (classic frames alone), vcan4 (down), and the pair vxcan0 and vxcan1, which is
no vcan and so stands for a real bus.
"""
import ctypes
import glob
import os
import re
import socket
import struct
import subprocess
import time

import kintest

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SETUP = """
link add vcan0 mtu 72 type vcan
link add vcan1 mtu 72 type vcan
link add vcan2 mtu 2060 type vcan
link add vcan3 mtu 16 type vcan
link add vcan4 type vcan
link add vxcan0 type vxcan peer name vxcan1
link set lo up
link set vcan0 up
link set vcan1 up
link set vcan2 up
link set vcan3 up
link set vxcan0 up
link set vxcan1 up
"""
LACK = ""   # what the kernel has not


def isolate():
    global LACK
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET | (0 if os.geteuid() == 0 else CLONE_NEWUSER)) != 0:
        raise OSError(ctypes.get_errno(), "cannot make a network namespace")
    try:
        socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW).close()
    except OSError:
        LACK = "the kernel has no CAN: modprobe can-raw"
        return
    done = subprocess.run(["ip", "-batch", "-"], input=SETUP, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        LACK = f"the kernel has no virtual CAN: modprobe vcan vxcan ({done.stderr.strip()})"


def listeners():
    """How many filters the sockets of this namespace have in the kernel."""
    n = 0
    for name in glob.glob("/proc/net/can/rcvlist_*"):
        with open(name, encoding="ascii") as file:
            n += len(re.findall(r"(?m)^ +\w+ +[0-9a-f]+ +[0-9a-f]+ ", file.read()))
    return n


class CanTest(kintest.PeerTest):
    maxDiff = None

    def setUp(self):
        if LACK:
            self.skipTest(LACK)

    def python(self, protocol=socket.CAN_RAW, bind=None, connect=None):
        kind = socket.SOCK_RAW if protocol == socket.CAN_RAW else socket.SOCK_DGRAM
        end = socket.socket(socket.AF_CAN, kind, protocol)
        self.addCleanup(end.close)
        end.settimeout(20)
        if protocol == socket.CAN_RAW:
            end.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FD_FRAMES, 1)
        if bind:
            end.bind(bind)
        if connect:
            end.connect(connect)
        return end

    def listening(self, *command, **more):
        """A program that has no way to say that it listens: the kernel knows."""
        before = listeners()
        process = self.start(*command, **more)
        deadline = time.monotonic() + 20
        while listeners() == before:
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        return process

    def watch(self, *arguments, **more):
        process = self.start(kintest.KIN, "watch", *arguments, **more)
        line = process.stderr.readline().decode()
        self.assertRegex(line, r"\Akin: listening on \S+\n\Z")
        return process

    def send(self, *arguments, code=0, **more):
        done = kintest.kin("send", *arguments, **more)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        return done.stderr

    def run_tool(self, *command, **more):
        done = subprocess.run(command, capture_output=True, timeout=30, check=False, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def finish(self, process):
        """Waits for its end; the lines that it printed."""
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err.decode())
        return out.decode().splitlines()


def frame(text):
    """A frame's bytes, of "123#DEAD" or "123##1DEAD"."""
    number, _, rest = text.partition("#")
    number = int(number, 16) | (socket.CAN_EFF_FLAG if len(number) == 8 else 0)
    if rest.startswith("#"):
        data = bytes.fromhex(rest[2:])
        return struct.pack("=IBB2x64s", number, len(data), int(rest[1], 16), data)
    data = bytes.fromhex(rest)
    return struct.pack("=IB3x8s", number, len(data), data)
