#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/families/qipcrtr.py: datagrams and services of this node, with Python and qrtr-lookup at the
far end. There is one node: others take a Qualcomm chip.

Needs: qipcrtr plugins
"""
import os
import socket
import struct
import subprocess

import kintest

ANY, CONTROL = 0xffffffff, 0xfffffffe
NEW_SERVER, DEL_SERVER, NEW_LOOKUP = 4, 5, 10
SERVICE = 100000 + os.getpid()


class RouterTest(kintest.PeerTest):
    def setUp(self):
        try:
            self.node = self.python().getsockname()[0]
        except OSError:
            self.skipTest("the kernel has no QRTR: modprobe qrtr")

    def python(self):
        end = socket.socket(socket.AF_QIPCRTR, socket.SOCK_DGRAM)
        self.addCleanup(end.close)
        end.settimeout(20)
        return end

    def bound(self):
        end = self.python()
        end.bind((self.node, 0))
        return end

    def publish(self, end, command=NEW_SERVER):
        """Python's service, version 3 and instance 2."""
        packet = struct.pack("<IIIII", command, SERVICE, 2 << 8 | 3, *end.getsockname())
        end.sendto(packet, (self.node, CONTROL))


class Datagrams(RouterTest):
    def test_kin_sends(self):
        receiver = self.bound()
        done = kintest.kin("send", "qipcrtr:%d,%d" % receiver.getsockname(), "from kin")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        data, sender = receiver.recvfrom(100)
        self.assertEqual((data, sender[0]), (b"from kin", self.node))

    def test_kin_receives_and_answers(self):
        server = self.listen("qipcrtr:any,0")
        self.assertRegex(server.endpoint, rf"\Aqipcrtr:{self.node},[0-9]+\Z")
        port = int(server.endpoint.rsplit(",", 1)[1])
        client = self.python()
        client.sendto(b"from python\n", (self.node, port))
        self.assertEqual(server.stdout.readline(), b"from python\n")
        server.stdin.write(b"from kin")
        server.stdin.flush()
        self.assertEqual(client.recvfrom(100), (b"from kin", (self.node, port)))

    def test_resolve_says_what_the_kernel_says(self):
        end = self.bound()
        done = kintest.kin("resolve", "qipcrtr:%d,%d" % end.getsockname())
        self.assertIn(str(end.getsockname()), done.stdout)


class Services(RouterTest):
    def test_kin_looks_up(self):
        server = self.bound()
        self.publish(server)
        watcher = self.start(kintest.KIN, "watch", "--time", "none", "--count", "3", "--send",
                             f"NEW_LOOKUP service={SERVICE}", "qipcrtr-control:")
        self.assertRegex(watcher.stderr.readline().decode(),
                         rf"\Akin: listening on qipcrtr-control:{self.node},[0-9]+\n\Z")
        who = "service=%d version=3 instance=2 node=%d port=%d" % (SERVICE, *server.getsockname())
        self.assertEqual(watcher.stdout.readline().decode(), f"NEW_SERVER {who}\n")
        self.assertEqual(watcher.stdout.readline(), b"NEW_SERVER (these are all)\n")
        self.publish(server, DEL_SERVER)
        self.assertEnds(watcher, f"DEL_SERVER {who}\n".encode())

    def publish_by_kin(self):
        """A kin that stays: a service goes with its socket. It publishes its own port."""
        return self.start(kintest.KIN, "send", "--wait", "20", "qipcrtr-control:",
                          f"NEW_SERVER service={SERVICE} version=3 instance=2")

    def test_python_sees_kin(self):
        client = self.python()
        client.sendto(struct.pack("<IIIII", NEW_LOOKUP, SERVICE, 0, 0, 0), (self.node, CONTROL))
        self.assertEqual(client.recv(100), struct.pack("<IIIII", NEW_SERVER, 0, 0, 0, 0))
        self.publish_by_kin()
        packet = struct.unpack("<IIIII", client.recv(100))
        self.assertEqual(packet[:4], (NEW_SERVER, SERVICE, 2 << 8 | 3, self.node))

    def test_qrtr_lookup_sees_kin(self):
        client = self.python()
        client.sendto(struct.pack("<IIIII", NEW_LOOKUP, SERVICE, 0, 0, 0), (self.node, CONTROL))
        client.recv(100)
        self.publish_by_kin()
        client.recv(100)
        done = subprocess.run(["qrtr-lookup"], capture_output=True, text=True, timeout=20,
                              check=True)
        self.assertRegex(done.stdout, rf"(?m)^\s*{SERVICE}\s+3\s+2\s+{self.node}\s+[0-9]+")


class Doctor(RouterTest):
    def test_round_trips(self):
        done = kintest.kin("doctor", "qipcrtr")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"qipcrtr\s+ok")


class Bad(RouterTest):
    def test_nobody(self):
        self.assertRefused(1, "no socket has that port", "send", f"qipcrtr:{self.node},99999", "x")
        self.assertRefused(1, "there is no such node", "send", "qipcrtr:77,99999", "x")

    def test_what_cannot_be_bound(self):
        taken = self.bound().getsockname()[1]
        self.assertRefused(1, "only this node's address", "listen", "qipcrtr:77,0")
        self.assertRefused(1, "another socket has the port", "listen", f"qipcrtr:any,{taken}")


class Words(kintest.PeerTest):
    """What needs no kernel."""

    def test_bad_endpoints(self):
        for rest in "", "1", "1,2,3", "x,1", "1,x", "4294967296,1", "-1,1":
            for verb in "connect", "listen", "resolve":
                with self.subTest(verb=verb, rest=rest):
                    self.assertRefused(2, "qipcrtr", verb, "qipcrtr:" + rest)

    def test_bad_packets(self):
        for words, said in (("", "it begins with the packet's kind"),
                            ("HALLO", "it begins with the packet's kind"),
                            ("HELLO node=1", "node=1 is no word of HELLO"),
                            ("BYE node=", "node= is no word of BYE"),
                            ("NEW_SERVER version=256", "version=256 is too much for NEW_SERVER")):
            with self.subTest(words=words):
                self.assertRefused(2, said, "send", "qipcrtr-control:", words)


if __name__ == "__main__":
    kintest.main()
