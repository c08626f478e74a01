#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/families/hyperv.py: GUIDs on our side, vsock's numbers on the other: Python, socat and ss.

Needs: hyperv plugins
"""
import json
import socket
import subprocess

import kintest

PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
LOCAL = 1
WILDCARD = "00000000-0000-0000-0000-000000000000"
CHILDREN = "90db8b89-0d35-4f79-8ce9-49ea0ac8b7cd"
LOOPBACK = "e0e16197-dd56-4a10-9195-5ee7a155a838"
PARENT = "a42e7cda-d03f-480c-9cc2-a4de20abb878"
SERVICE = "-facb-11e6-bd58-64006a7986d3"


def can_bind(cid):
    try:
        with socket.socket(socket.AF_VSOCK) as end:
            end.bind((cid, socket.VMADDR_PORT_ANY))
    except OSError:
        return False
    return True


class Connections(kintest.TestCase):
    def setUp(self):
        if not can_bind(LOCAL):
            self.skipTest("the kernel has no vsock within this machine: modprobe vsock_loopback")

    def start(self, *command):
        process = subprocess.Popen(command, **PIPES)
        self.addCleanup(self.stop, process)
        return process

    def stop(self, process):
        process.kill()
        process.wait()
        for stream in process.stdin, process.stdout, process.stderr:
            stream.close()

    def listen(self, machine):
        """A free port; the endpoint has it as eight digits."""
        process = self.start(kintest.KIN, "listen", f"hyperv:{machine},ffffffff{SERVICE}")
        line = process.stderr.readline().decode()
        self.assertTrue(line.startswith(f"kin: listening on hyperv:{machine},"), line)
        self.assertTrue(line.endswith(SERVICE + "\n"), line)
        process.port = int(line.split(",")[1][:8], 16)
        return process

    def python(self):
        end = socket.socket(socket.AF_VSOCK)
        end.settimeout(20)
        self.addCleanup(end.close)
        return end

    def kin_listens(self, machine, cid):
        server = self.listen(machine)
        with self.python() as client:
            client.connect((cid, server.port))
            client.sendall(b"from python")
            server.stdin.write(b"from kin")
            server.stdin.flush()
            self.assertEqual(client.recv(100), b"from kin")
        self.assertEqual(server.communicate(timeout=20), (b"from python", b""))

    def kin_connects(self, machine, cid):
        server = self.python()
        server.bind((cid, socket.VMADDR_PORT_ANY))
        server.listen()
        port = server.getsockname()[1]
        client = self.start(kintest.KIN, "connect", f"hyperv:{machine},{port:08x}{SERVICE}")
        connection, _ = server.accept()
        with connection:
            connection.settimeout(20)
            client.stdin.write(b"from kin")
            client.stdin.flush()
            self.assertEqual(connection.recv(100), b"from kin")
            connection.sendall(b"from python")
        self.assertEqual(client.communicate(timeout=20), (b"from python", b""))

    def test_loopback_and_wildcard(self):
        self.kin_listens(LOOPBACK, LOCAL)
        self.kin_listens(WILDCARD, LOCAL)
        self.kin_connects(LOOPBACK, LOCAL)
        self.kin_connects("loopback", socket.VMADDR_CID_ANY)

    def test_parent_and_children(self):
        """A host that has none itself is its own parent."""
        if not can_bind(socket.VMADDR_CID_HOST):
            self.skipTest("the kernel is no host of virtual machines: modprobe vhost_vsock")
        self.kin_listens(CHILDREN, socket.VMADDR_CID_HOST)
        self.kin_connects(PARENT, socket.VMADDR_CID_HOST)
        self.kin_connects("parent", socket.VMADDR_CID_ANY)

    def test_socat(self):
        server = self.listen(LOOPBACK)
        client = self.start("socat", "-", f"VSOCK-CONNECT:{LOCAL}:{server.port}")
        client.stdin.write(b"from socat\n")
        client.stdin.flush()
        self.assertEqual(server.stdout.readline(), b"from socat\n")
        server.stdin.write(b"from kin\n")
        server.stdin.flush()
        self.assertEqual(client.stdout.readline(), b"from kin\n")

    def test_ss_sees_its_port(self):
        server = self.listen(LOOPBACK)
        done = subprocess.run(["ss", "--vsock", "-lnH"], capture_output=True, text=True, check=True)
        self.assertRegex(done.stdout, rf"\b{LOCAL}:{server.port}\b")

    def test_doctor(self):
        done = kintest.kin("doctor", "hyperv", "--json")
        self.assertEqual([row["state"] for row in json.loads(done.stdout)], ["ok"], done.stdout)

    def test_refused(self):
        for machine, words in ((WILDCARD, "are to listen at"), (CHILDREN, "are to listen at"),
                               (LOOPBACK, "no program offers that service")):
            done = kintest.kin("connect", f"hyperv:{machine},00000063{SERVICE}")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, r"\Akin: [^\n]+\n\Z")
            self.assertIn(words, done.stderr)


class Names(kintest.TestCase):
    def test_tuples(self):
        for machine in WILDCARD, CHILDREN, LOOPBACK, PARENT:
            text = f"hyperv:{machine},000004d2{SERVICE}"
            done = kintest.kin("resolve", text.upper().replace("HYPERV", "hyperv"))
            self.assertEqual(done.stdout.rstrip("\n").split("  "),
                             [text, str((machine, "000004d2" + SERVICE)), "hyperv"])

    def test_bad_endpoints(self):
        for rest in ("", PARENT, PARENT + ",1234", "here,000004d2" + SERVICE,
                     "F" * 8 + "-FFFF-FFFF-FFFF-" + "F" * 12 + ",000004d2" + SERVICE,
                     PARENT + ",0000002a-0000-0000-0000-000000000000"):
            for verb in "connect", "listen", "resolve":
                with self.subTest(verb=verb, rest=rest):
                    done = kintest.kin(verb, "hyperv:" + rest)
                    self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
                    self.assertRegex(done.stderr, r"\Akin: [^\n]+\n\Z")


if __name__ == "__main__":
    kintest.main()
