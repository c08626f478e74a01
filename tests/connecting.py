#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/connecting.py: kin connect by name, from a machine whose networks are broken in several ways.

All is done in a network namespace of its own, with a name server of its own: NAMES says what it
answers. Who connects well gets there by the address that works, and else says why, in time.

Needs: inet inet6
"""
import re
import socket
import struct
import subprocess
import tempfile
import threading
import time

import iptest
import kintest

SILENT, ABSENT, FAILING = "silent", "absent", "failing"
DEAD4, DEAD6 = "192.0.2.9", "2001:db8::9"          # neighbours that the kernel knows, and that are mute
AWAY4, AWAY6 = "198.51.100.1", "2001:db9::1"       # no route goes there
NAMES = {
    "four.test": ["127.0.0.1"],
    "six.test": ["::1"],
    "broken-six.test": [DEAD6, "127.0.0.1"],
    "routeless-six.test": [AWAY6, "127.0.0.1"],
    "broken-four.test": ["::1", DEAD4],
    "many.test": [DEAD6, DEAD4, AWAY6, "127.0.0.1"],
    "away.test": [AWAY6, AWAY4],
    "dead.test": [DEAD6, DEAD4],
    "xn--bcher-kva.test": ["127.0.0.1"],           # bücher.test
    "silent.test": SILENT,
    "failing.test": FAILING,
}
NEIGHBOURS = f"""
ip neigh add {DEAD4} lladdr 02:00:00:00:00:09 dev k0
ip neigh add {DEAD6} lladdr 02:00:00:00:00:09 dev k0
"""
TYPES = {1: socket.AF_INET, 28: socket.AF_INET6}   # A, AAAA
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3


def answer_of(question):
    """A name server's answer (RFC 1035) to one question; None: it keeps silent."""
    end = question.index(b"\0", 12)
    labels, at = [], 12
    while at < end:
        labels.append(question[at + 1:at + 1 + question[at]])
        at += 1 + question[at]
    kind, = struct.unpack_from(">H", question, end + 1)
    addresses = NAMES.get(b".".join(labels).decode(), ABSENT)
    if addresses is SILENT:
        return None
    code = {ABSENT: NXDOMAIN, FAILING: SERVFAIL}.get(str(addresses), NOERROR)
    records = []
    for address in addresses if code == NOERROR else ():
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        if TYPES.get(kind) == family:
            data = socket.inet_pton(family, address)
            records.append(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(data)) + data)
    head = question[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(records), 0, 0)
    return head + question[12:end + 5] + b"".join(records)


def serve_names(server):
    while True:
        question, sender = server.recvfrom(512)
        answer = answer_of(question)
        if answer:
            server.sendto(answer, sender)


def isolate():
    iptest.isolate()
    subprocess.run(["sh", "-ec", NEIGHBOURS], check=True)
    for path, text in (("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:20 attempts:1\n"),
                       ("/etc/nsswitch.conf", "hosts: files dns\n")):
        with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            subprocess.run(["mount", "--bind", file.name, path], check=True)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    threading.Thread(target=serve_names, args=(server,), daemon=True).start()


class Connecting(iptest.IpTest):
    def setUp(self):
        """A server of Python's on both loopbacks, at one port."""
        four = self.python(family=socket.AF_INET)
        four.bind(("127.0.0.1", 0))
        self.port = four.getsockname()[1]
        six = self.python(family=socket.AF_INET6)
        six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        six.bind(("::1", self.port))
        self.servers = [four, six]
        for server in self.servers:
            server.listen()

    def assertReaches(self, name, address, scheme="tcp", *options):
        client = self.start(kintest.KIN, "connect", "--timeout", "20", *options,
                            f"{scheme}:{name}:{self.port}")
        connection, _ = self.servers[":" in address].accept()
        with connection:
            connection.sendall(connection.getsockname()[0].encode())
        self.assertEnds(client, address.encode())

    def refuse(self, *words, name="", port=None, timeout="1", code=1):
        """It ends in time, and says all these words."""
        endpoint = f"tcp:{name}:{port or self.port}"
        began = time.monotonic()
        self.assertRefused(code, [endpoint.rsplit(":", 1)[0], *words],
                           "connect", "--timeout", timeout, endpoint)
        self.assertLess(time.monotonic() - began, 10 * float(timeout))

    # ---- What works is found ----

    def test_one_address(self):
        self.assertReaches("four.test", "127.0.0.1")
        self.assertReaches("six.test", "::1")

    def test_a_family_that_is_asked_for(self):
        self.assertReaches("both.test", "127.0.0.1", "tcp4")
        self.assertReaches("both.test", "::1", "tcp6")

    def test_six_is_broken(self):
        self.assertReaches("broken-six.test", "127.0.0.1")
        self.assertReaches("routeless-six.test", "127.0.0.1")

    def test_four_is_broken(self):
        self.assertReaches("broken-four.test", "::1")

    def test_the_last_of_many(self):
        self.assertReaches("many.test", "127.0.0.1")

    def test_a_name_that_is_not_ascii(self):
        self.assertReaches("bücher.test", "127.0.0.1")

    def test_from_an_address(self):
        """Who has one of the name's families only is not asked for the other."""
        client = self.start(kintest.KIN, "connect", "--bind", "tcp:127.0.0.7:0",
                            f"tcp:both.test:{self.port}")
        connection, peer = self.servers[0].accept()
        connection.close()
        self.assertEqual(peer[0], "127.0.0.7")
        self.assertEnds(client, b"")

    # ---- What does not is told ----

    def test_closed_port(self):
        for server in self.servers:
            server.close()
        self.refuse("127.0.0.1", "Connection refused", "no program listens", name="four.test")
        self.refuse("127.0.0.1", "::1", "Connection refused", name="both.test")

    def test_no_network(self):
        self.refuse(AWAY4, AWAY6, "Network is unreachable", "ip route", name="away.test")

    def test_nobody_answers(self):
        self.refuse(DEAD4, DEAD6, "timed out; nobody answered", name="dead.test")

    def test_no_such_name(self):
        self.refuse("Name or service not known", "spelt", name="absent.test")

    def test_a_name_server_that_fails(self):
        self.refuse("Temporary failure in name resolution", name="failing.test")

    def test_a_name_server_that_keeps_silent(self):
        self.refuse("timed out", "no name server answered", name="silent.test")

    def test_a_port_that_is_none(self):
        self.refuse('port "65536" is out of range (0 to 65535)', name="four.test", port=65536, code=2)

    def test_the_name_server(self):
        """The name server's own answers are right: Python's resolver has the same."""
        for name, addresses in NAMES.items():
            if isinstance(addresses, list) and re.fullmatch(r"[a-z-]+\.test", name):
                found = {entry[4][0] for entry in socket.getaddrinfo(name, 80)}
                self.assertEqual(found, set(addresses), name)


if __name__ == "__main__":
    isolate()
    kintest.main()
