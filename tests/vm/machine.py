#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/vm/machine.py: is the virtual machine what the tests there take it for?

Needs: plugins
"""
import json
import re
import socket
import subprocess

import kin
import kintest

SOCKETS = [
    ("CAN raw", socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW),
    ("CAN BCM", socket.AF_CAN, socket.SOCK_DGRAM, socket.CAN_BCM),
    ("ISO-TP", socket.AF_CAN, socket.SOCK_DGRAM, socket.CAN_ISOTP),
    ("J1939", socket.AF_CAN, socket.SOCK_DGRAM, socket.CAN_J1939),
    ("L2CAP", socket.AF_BLUETOOTH, socket.SOCK_SEQPACKET, socket.BTPROTO_L2CAP),
    ("RFCOMM", socket.AF_BLUETOOTH, socket.SOCK_STREAM, socket.BTPROTO_RFCOMM),
    ("HCI", socket.AF_BLUETOOTH, socket.SOCK_RAW, socket.BTPROTO_HCI),
    ("SCO", socket.AF_BLUETOOTH, socket.SOCK_SEQPACKET, socket.BTPROTO_SCO),
    ("ALG", socket.AF_ALG, socket.SOCK_SEQPACKET, 0),
    ("vsock", socket.AF_VSOCK, socket.SOCK_STREAM, 0),
    ("vsock seqpacket", socket.AF_VSOCK, socket.SOCK_SEQPACKET, 0),
    ("packet", socket.AF_PACKET, socket.SOCK_RAW, 0),
    ("TIPC", socket.AF_TIPC, socket.SOCK_RDM, 0),
    ("QRTR", socket.AF_QIPCRTR, socket.SOCK_DGRAM, 0),
    ("RDS", socket.AF_RDS, socket.SOCK_SEQPACKET, 0),
    ("SCTP", socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP),
    ("SCTP over IPv6", socket.AF_INET6, socket.SOCK_SEQPACKET, socket.IPPROTO_SCTP),
    ("UDP-Lite", socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_UDPLITE),
    ("MPTCP", socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_MPTCP),
    ("netlink", socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE),
]

# What Python's own tests skip on this machine, and need not.
KNOWN = re.compile(r"macOS specific|Windows specific|requires Windows|network is not enabled"
                   r"|only be run on a virtual guest")   # vhost_vsock makes it a host
KNOWN_TESTS = {
    "test_getaddrinfo_ipv6_scopeid_numeric": "for Windows",
    "test_getnameinfo_ipv6_scopeid_numeric": "for Windows",
    "testEmptyAddress": "for systems other than Linux, in spite of what it says",
}


class Machine(kintest.TestCase):
    def test_sockets(self):
        for name, *numbers in SOCKETS:
            with self.subTest(name), socket.socket(*numbers):
                pass

    def doctor(self, family, *prefix, **more):
        done = subprocess.run([*prefix, kintest.KIN, "doctor", "--json", family], check=False,
                              capture_output=True, text=True, timeout=60, **more)
        finding, = json.loads(done.stdout)
        return finding["state"], finding["message"]

    def test_doctor(self):
        """Every family makes its round trip; without the two rights, all but one; in a sandbox,
        none that has a socket of the kernel's, and each says so."""
        without = ["setpriv", "--bounding-set=-net_raw,-net_admin"]
        names = [family["name"] for family in json.loads(kintest.kin("families", "--json").stdout)]
        self.assertGreaterEqual(len(names), 14)
        for name in names:
            with self.subTest(name):
                state, message = self.doctor(name)
                self.assertEqual(state, "ok", message)
                state, message = self.doctor(name, *without)
                self.assertEqual(state, "denied" if name == "packet" else "ok", message)
                self.assertEqual("CAP_NET_RAW" in message, name == "packet", message)
                state, message = self.doctor(name, preexec_fn=kin.deny_sockets)
                self.assertEqual(state, "ok" if name == "loop" else "denied", message)
                if name != "loop":
                    self.assertRegex(message, r"cannot open [a-z0-9-]+: Operation not permitted")

    def test_interfaces(self):
        there = {name for _, name in socket.if_nameindex()}
        self.assertLessEqual({"vcan0", "vcan1", "vxcan0", "vxcan1", "veth0", "veth1", "dummy0"},
                             there)

    def test_vsock_with_itself(self):
        with socket.socket(socket.AF_VSOCK) as listener, socket.socket(socket.AF_VSOCK) as client:
            listener.bind((socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY))
            listener.listen()
            client.settimeout(10)
            client.connect((1, listener.getsockname()[1]))   # 1: this machine, VMADDR_CID_LOCAL

    def test_voice(self):
        """A SCO link between the two controllers. The kernel ends the link that it makes for it, if
        no other channel holds it: L2CAP's."""
        one, other = (re.search(r"Address: (\S+)", subprocess.run(
            ["hciconfig", name], capture_output=True, text=True, check=True).stdout)[1]
            for name in ("hci0", "hci1"))
        made = []

        def make(kind, protocol, address):
            made.append(socket.socket(socket.AF_BLUETOOTH, kind, protocol))
            made[-1].settimeout(20)
            made[-1].bind(address)
            return made[-1]

        try:
            packets = socket.SOCK_SEQPACKET
            make(packets, socket.BTPROTO_L2CAP, (other, 0x1005)).listen()
            make(packets, socket.BTPROTO_L2CAP, (one, 0)).connect((other, 0x1005))
            listener = make(packets, socket.BTPROTO_SCO, other.encode())
            listener.listen()
            client = make(packets, socket.BTPROTO_SCO, one.encode())
            client.connect(other.encode())
            made.append(listener.accept()[0])
            made[-1].settimeout(20)
            client.send(b"voice" * 9)
            self.assertEqual(made[-1].recv(99), b"voice" * 9)
        finally:
            for each in made:
                each.close()

    def test_doctor(self):
        """Every family works here."""
        done = kintest.kin("doctor")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def run_python(self, *choice):
        return subprocess.run(["timeout", "150", "/usr/bin/python3", "-m", "test", "-v", *choice,
                               "test_socket"], check=False, capture_output=True, text=True)

    def test_python(self):
        """CPython's own tests of its socket module: all families that it knows are there. Those of
        RDS close a socket at once, with which the kernel drops what it has not yet sent, so that the
        other end waits for ever now and then: they are tried three times."""
        ran, skipped = 0, []
        for choice, tries in (("-i", 1), ("-m", 3)):
            for _ in range(tries):
                done = self.run_python(choice, "*.RDSTest.*")
                if done.returncode != 124:
                    break
            self.assertEqual(done.returncode, 0, done.stdout[-4000:] + done.stderr[-4000:])
            ran += int(re.search(r"^Ran (\d+) tests", done.stdout, re.M)[1])
            skipped += re.findall(r"^(\w+) \(.*\.\.\. skipped '(.*)'$", done.stdout, re.M)
        self.assertGreaterEqual(ran, 717)
        self.assertEqual([one for one in skipped
                          if not KNOWN.search(one[1]) and one[0] not in KNOWN_TESTS], [])
        self.assertEqual(len(skipped), 15)


if __name__ == "__main__":
    kintest.main()
