#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/vm/controllers.py: two Bluetooth controllers that hear each other, hci0 and hci1.

btvirt (of bluez-test-tools) emulates the air and a controller for each that connects to it, but says
that they have no room for voice, so that the kernel makes no SCO link. This stands between the kernel
and btvirt, one connection each: it mends that answer, makes the SCO links itself and passes the rest.
Prints "ready" once both are up, then closes its standard output and goes on for as long as they are
needed. The numbers are the Bluetooth Core Specification's, volume 4 part E.
"""
import errno
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback

COMMAND, ACL, SCO, EVENT, VENDOR = 1, 2, 3, 4, 0xff   # the first byte: what kind of packet
CONNECTION_REQUEST, DISCONNECTED, COMMAND_COMPLETE = 0x04, 0x05, 0x0e
COMMAND_STATUS, PACKETS_DONE, SYNCHRONOUS_COMPLETE = 0x0f, 0x13, 0x2c
DISCONNECT, READ_BUFFER_SIZE, READ_ADDRESS = 0x0406, 0x1005, 0x1009
SETUP, ACCEPT, REJECT = (0x0428, 0x043d), (0x0429, 0x043e), 0x042a   # plain and enhanced
AIR = "/tmp/bt-server-bredr"   # where btvirt listens
VOICE = 0x0101                 # handle of the one SCO link
ESCO = 2
VOICE_BYTES, VOICE_PACKETS = 64, 8


class Controller:
    def __init__(self):
        self.other = None
        self.address = None
        self.linked = False
        self.received = b""
        self.air = socket.socket(socket.AF_UNIX)
        self.air.connect(AIR)
        self.kernel = os.open("/dev/vhci", os.O_RDWR)
        os.write(self.kernel, bytes([VENDOR, 0]))   # a BR/EDR controller

    def tell(self, packet):
        """To the kernel, which hears nothing from a controller that is down."""
        try:
            os.write(self.kernel, packet)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise

    def event(self, code, layout, *values):
        body = struct.pack("<" + layout, *values)
        self.tell(struct.pack("BBB", EVENT, code, len(body)) + body)

    def link(self, error=0):
        """Tells the kernel that the SCO link to the other is there, or why not."""
        self.linked = not error
        self.event(SYNCHRONOUS_COMPLETE, "BH6sBBBHHB", error, VOICE if self.linked else 0,
                   self.other.address, ESCO, 6, 2, 60, 60, 2)

    def command(self, code, body):
        """True if this is about SCO, and done."""
        ends = code == DISCONNECT and self.linked and body[:2] == struct.pack("<H", VOICE)
        if not (ends or code in (*SETUP, *ACCEPT, REJECT)):
            return False
        self.event(COMMAND_STATUS, "BBH", 0, 1, code)
        if code in SETUP:
            self.other.event(CONNECTION_REQUEST, "6s3sB", self.address, bytes(3), ESCO)
        elif code in ACCEPT:
            self.link()
            self.other.link()
        elif code == REJECT:
            self.other.link(body[6])
        else:
            self.event(DISCONNECTED, "BHB", 0, VOICE, 0x16)   # by this host
            self.other.event(DISCONNECTED, "BHB", 0, VOICE, body[2])
            self.linked = self.other.linked = False
        return True

    def from_kernel(self):
        packet = os.read(self.kernel, 4096)
        if packet[0] == VENDOR:
            return
        if packet[0] == SCO:
            self.other.tell(packet)
            self.event(PACKETS_DONE, "BHH", 1, VOICE, 1)
        elif packet[0] != COMMAND or not self.command(struct.unpack_from("<H", packet, 1)[0],
                                                      packet[4:]):
            self.air.sendall(packet)

    def from_air(self):
        data = self.air.recv(65536)
        if not data:
            sys.exit("btvirt has gone")
        self.received += data
        while (length := self.packet_length()) and len(self.received) >= length:
            packet, self.received = bytearray(self.received[:length]), self.received[length:]
            if packet[:2] == bytes([EVENT, COMMAND_COMPLETE]):
                self.completed(struct.unpack_from("<H", packet, 4)[0], packet)
            self.tell(packet)

    def packet_length(self):
        """Of the first packet received, or 0 if too little of it is there."""
        if len(self.received) < 5:
            return 0
        if self.received[0] == EVENT:
            return 3 + self.received[2]
        if self.received[0] == ACL:
            return 5 + struct.unpack_from("<H", self.received, 3)[0]
        return sys.exit(f"a packet of kind {self.received[0]} from btvirt")

    def completed(self, code, packet):
        if code == READ_BUFFER_SIZE:
            packet[9] = VOICE_BYTES
            struct.pack_into("<H", packet, 12, VOICE_PACKETS)
        elif code == READ_ADDRESS:
            self.address = bytes(packet[7:13])


def wait_for(what, is_there, seconds=20):
    end = time.monotonic() + seconds
    while not is_there():
        if time.monotonic() > end:
            sys.exit(f"no {what} in {seconds} s")
        time.sleep(0.02)


def set_up(name):
    """No pairing, no passwords, open to whoever calls."""
    for words in ("up", "sspmode 0", "noauth", "piscan"):
        subprocess.run(["hciconfig", name, *words.split()], check=True)


def set_up_both():
    try:
        for name in ("hci0", "hci1"):
            wait_for(name, lambda name=name: os.path.exists(f"/sys/class/bluetooth/{name}"))
            set_up(name)
        print("ready", flush=True)
        os.close(1)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def main():
    subprocess.Popen(["btvirt", "-s"], stdout=subprocess.DEVNULL)
    wait_for("btvirt", lambda: os.path.exists(AIR))
    one, other = Controller(), Controller()
    one.other, other.other = other, one
    threading.Thread(target=set_up_both).start()
    while True:
        ready, _, _ = select.select([one.kernel, one.air, other.kernel, other.air], [], [])
        for controller in (one, other):
            if controller.kernel in ready:
                controller.from_kernel()
            if controller.air in ready:
                controller.from_air()


main()
