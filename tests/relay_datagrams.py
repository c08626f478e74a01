#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/relay_datagrams.py: kin relay from a datagram socket, with Python's socket module.

Needs: unix plugins
"""
import os
import random
import socket
import threading
import time

import kintest
from relay import RelayTest

DATAGRAM, PACKETS = socket.SOCK_DGRAM, socket.SOCK_SEQPACKET


class Datagrams(RelayTest):
    scheme = "unix-dgram"

    def sender(self, name=None):
        """A socket that sends to the relay; with a name it can be answered."""
        sender = socket.socket(socket.AF_UNIX, DATAGRAM)
        self.addCleanup(sender.close)
        sender.settimeout(20)
        if name:
            sender.bind(os.path.join(self.folder, name))
        sender.connect(self.door)
        return sender

    def relay_to(self, scheme, *options):
        return self.relay(*options, to=f"{scheme}:{self.path}")

    def test_boundaries(self):
        """Thousands, and none is lost or joined with another, though their receiver is slow."""
        server, process = self.serve(DATAGRAM), self.relay("--keep-open")
        sender, chance = self.sender(), random.Random(4)
        datagrams = [chance.randbytes(chance.randrange(3000)) for _ in range(5000)]
        datagrams.append(chance.randbytes(100_000))
        thread = threading.Thread(target=lambda: [sender.send(data) for data in datagrams])
        thread.start()
        for number, data in enumerate(datagrams):
            if number % 1000 == 0:
                time.sleep(0.1)
            self.assertEqual(server.recv(1 << 18), data)
        thread.join()
        self.interrupt(process)

    def test_senders_and_their_answers(self):
        """Each sender has a connection of its own there, and gets what comes by that."""
        server, process = self.serve(PACKETS), self.relay_to("unix-seqpacket", "--keep-open")
        senders = [self.sender(f"sender{n}") for n in range(5)]
        connections = []
        for number, sender in enumerate(senders):
            sender.send(b"hello from %d" % number)
            connections.append(self.accept(server))
            self.assertEqual(connections[-1].recv(100), b"hello from %d" % number)
        for number, sender in enumerate(senders):
            sender.send(b"again from %d" % number)
            self.assertEqual(connections[number].recv(100), b"again from %d" % number)
        for number, connection in reversed(list(enumerate(connections))):
            connection.send(b"answer to %d" % number)
            connection.send(b"another")
            self.assertEqual(senders[number].recv(100), b"answer to %d" % number)
            self.assertEqual(senders[number].recv(100), b"another")
        self.interrupt(process)

    def test_a_sender_that_does_not_read_its_answers(self):
        """It gets all of them later, in order: more than wait in the kernel."""
        server, process = self.serve(PACKETS), self.relay_to("unix-seqpacket", "--keep-open")
        slow = self.sender("slow")
        slow.send(b"question")
        connection = self.accept(server)
        self.assertEqual(connection.recv(10), b"question")
        answers = [b"%d" % number + bytes(1000) for number in range(2000)]
        thread = threading.Thread(target=lambda: [connection.send(answer) for answer in answers])
        thread.start()
        time.sleep(0.3)
        for answer in answers:
            self.assertEqual(slow.recv(2000), answer)
        thread.join()
        self.interrupt(process)

    def test_to_a_stream_and_back(self):
        server, process = self.serve(), self.relay_to("unix", "--keep-open")
        sender = self.sender("sender")
        for data in (b"one", b"", b"two", bytes(100_000)):
            sender.send(data)
        connection = self.accept(server)
        got = b""
        while len(got) < 100_006:
            got += connection.recv(200_000)
        self.assertEqual(got, b"onetwo" + bytes(100_000))
        connection.sendall(b"answer")
        self.assertEqual(sender.recv(100), b"answer")
        self.interrupt(process)

    def test_a_stream_that_is_slow(self):
        """What it has not taken yet makes the sender wait; no byte is lost."""
        server, process = self.serve(), self.relay_to("unix", "--keep-open")
        sender = self.sender()
        data = random.Random(5).randbytes(2_000_000)
        thread = threading.Thread(
            target=lambda: [sender.send(data[at:at + 50_000]) for at in range(0, len(data), 50_000)])
        thread.start()
        connection = self.accept(server)
        time.sleep(0.2)
        got = b""
        while len(got) < len(data):
            got += connection.recv(200_000)
        self.assertEqual(got, data)
        thread.join()
        self.interrupt(process)

    def test_one_sender_alone(self):
        """Others are not heard, and silence is the end."""
        server, process = self.serve(DATAGRAM), self.relay("--idle", "0.5")
        first, second = self.sender("first"), self.sender("second")
        first.send(b"first")
        self.assertEqual(server.recv(100), b"first")
        second.send(b"second")
        first.send(b"first again")
        self.assertEqual(server.recv(100), b"first again")
        started = time.monotonic()
        self.assertEqual(process.wait(20), 0)
        self.assertGreaterEqual(time.monotonic() - started, 0.4)
        self.assertEqual(process.stderr.read(), b"")
        self.assertFalse(os.path.exists(self.door))

    def test_silence_forgets_a_sender(self):
        server = self.serve(PACKETS)
        process = self.relay_to("unix-seqpacket", "--keep-open", "--idle", "0.3")
        sender = self.sender("sender")
        for _ in range(2):
            sender.send(b"x")
            connection = self.accept(server)
            self.assertEqual(connection.recv(10), b"x")
            self.assertEqual(connection.recv(10), b"")
        self.interrupt(process)

    def test_the_end_there_is_the_end(self):
        """Of one exchange: the next datagram starts another."""
        for options in (("--keep-open",), ()):
            server, process = self.serve(PACKETS), self.relay_to("unix-seqpacket", *options)
            sender = self.sender()
            sender.send(b"x")
            connection = self.accept(server)
            self.assertEqual(connection.recv(10), b"x")
            connection.close()
            if options:
                self.eventually(lambda: len(os.listdir(f"/proc/{process.pid}/fd")) == 4)
                sender.send(b"y")
                self.assertEqual(self.accept(server).recv(10), b"y")
                self.interrupt(process)
            else:
                self.assert_ended(process)
            os.unlink(self.path)

    def test_nobody_there(self):
        process = self.relay("--keep-open")
        sender = self.sender()
        for _ in range(20):
            sender.send(b"x")
        self.assertRegex(process.stderr.readline(), rb"\Akin: cannot connect to unix-dgram:")
        server = self.serve(DATAGRAM)
        # Those that came before are gone, as datagrams to nobody are.
        sender.send(b"y")
        while server.recv(10) != b"y":
            pass
        self.interrupt(process)
        self.assertEqual(process.stderr.read(), b"")
        process = self.relay(to="unix-dgram:" + self.path + "x")
        self.sender().send(b"x")
        self.assert_ended(process, code=1, says=r"kin: cannot connect to [^\n]*\n")


if __name__ == "__main__":
    kintest.main()
