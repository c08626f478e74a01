#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/relay.py: kin relay between connections, with Python's socket module and socat.

Needs: unix plugins
"""
import hashlib
import os
import pty
import random
import socket
import struct
import threading

import kintest
from kin_bytes import LARGE, OTHER, BytesTest, digest, read_to_end

GIBIBYTE = 1 << 30


class RelayTest(BytesTest):
    scheme, kind = "unix", socket.SOCK_STREAM

    def setUp(self):
        super().setUp()
        self.door = os.path.join(self.folder, "door")
        self.there = f"{self.scheme}:{self.path}"

    def relay(self, *options, start=None, to=None, **more):
        """A kin that relays from self.door, once it says that it listens."""
        start = start or f"{self.scheme}:{self.door}"
        process = self.kin("relay", *options, start, to or self.there, **more)
        line = process.stderr.readline().decode()
        self.assertRegex(line, r"\Akin: listening on \S+\n\Z")
        return process

    def connection(self, server, kind=None):
        """A client's end and the server's."""
        client = self.dial(self.door, kind or self.kind)
        return client, self.accept(server)

    def assert_ended(self, process, says="", code=0):
        _, err = self.finish(process, code=code)
        self.assertRegex(err, rf"\A{says}\Z")
        self.assertFalse(os.path.exists(self.door))


class Connections(RelayTest):
    def test_both_ways_at_once(self):
        """Both send all before either reads to the end."""
        server, process = self.serve(), self.relay()
        client, peer = self.connection(server)
        senders = [threading.Thread(target=self.send_all, args=pair)
                   for pair in ((client, LARGE), (peer, OTHER))]
        got = {}
        readers = [threading.Thread(target=lambda end=end: got.update({end: read_to_end(end)}))
                   for end in (client, peer)]
        for thread in senders + readers:
            thread.start()
        for thread in senders + readers:
            thread.join()
        self.assertEqual(digest(got[peer]), digest(LARGE))
        self.assertEqual(digest(got[client]), digest(OTHER))
        self.assert_ended(process)

    def send_all(self, end, data):
        end.sendall(data)
        end.shutdown(socket.SHUT_WR)

    def test_half_closes(self):
        """Whoever ends first can still be answered."""
        for first in (0, 1):
            with self.subTest(first=first):
                server, process = self.serve(), self.relay()
                ends = self.connection(server)
                ends[first].sendall(b"question")
                ends[first].shutdown(socket.SHUT_WR)
                self.assertEqual(read_to_end(ends[1 - first]), b"question")
                self.assertIsNone(process.poll())
                ends[1 - first].sendall(b"answer")
                ends[1 - first].close()
                self.assertEqual(read_to_end(ends[first]), b"answer")
                ends[first].close()
                self.assert_ended(process)
                os.unlink(self.path)

    def test_an_end_that_says_nothing(self):
        server, process = self.serve(), self.relay()
        client, peer = self.connection(server)
        peer.close()
        self.assertEqual(client.recv(1), b"")
        self.assert_ended(process)

    def test_a_gibibyte_by_socat(self):
        """From one kernel buffer to another; socat at both ends."""
        sink = self.start("sh", "-c", f"exec socat -u UNIX-LISTEN:{self.path} - | sha256sum")
        self.eventually(lambda: os.path.exists(self.path))
        process = self.relay()
        source = self.start("socat", "-u", "-", "UNIX-CONNECT:" + self.door)
        block, hashed = random.Random(3).randbytes(1 << 20), hashlib.sha256()
        for number in range(GIBIBYTE >> 20):
            piece = struct.pack("<I", number) + block[4:]
            hashed.update(piece)
            source.stdin.write(piece)
        source.stdin.close()
        self.assertEqual(sink.stdout.read().split()[0].decode(), hashed.hexdigest())
        self.assert_ended(process)

    def test_a_slow_reader(self):
        """Nothing is read that cannot be passed on, and nothing is lost."""
        server, process = self.serve(), self.relay()
        client, peer = self.connection(server)
        client.settimeout(1)
        sent, data = 0, LARGE * 4
        with self.assertRaises(TimeoutError):
            while True:
                sent += client.send(data[sent:])
        self.assertLess(sent, len(data))
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            resident = int(status.read().split("VmRSS:")[1].split()[0])
        if not kintest.SANITIZE:
            self.assertLess(resident, 16 * 1024)
        client.close()
        self.assertEqual(digest(read_to_end(peer)), digest(data[:sent]))
        peer.close()
        self.finish(process)

    def test_a_killed_peer(self):
        """The client of a server that was killed in the middle is not left waiting."""
        there = self.start("socat", "UNIX-LISTEN:" + self.path, "EXEC:cat")
        self.eventually(lambda: os.path.exists(self.path))
        process = self.relay()
        client = self.dial(self.door)
        client.sendall(b"x")
        self.assertEqual(client.recv(10), b"x")
        there.kill()
        self.assertEqual(client.recv(10), b"")
        client.close()
        self.assert_ended(process)

    def test_a_reset_is_told(self):
        """Closing with bytes unread resets a connection; half is not taken for the whole."""
        server, process = self.serve(), self.relay()
        client, peer = self.connection(server)
        client.sendall(b"unread")
        while not peer.recv(100, socket.MSG_PEEK):
            pass
        peer.close()
        self.assert_ended(process, code=1,
                          says=r"kin: cannot receive from \S+: Connection reset by peer[^\n]*\n")

    def test_a_side_that_reads_no_more(self):
        """What it still says is passed on; nobody waits for what it will not read."""
        server, process = self.serve(), self.relay()
        client, peer = self.connection(server)
        peer.shutdown(socket.SHUT_RD)
        client.sendall(LARGE)
        peer.sendall(b"the rest")
        peer.close()
        self.assertEqual(read_to_end(client), b"the rest")
        client.close()
        self.assert_ended(process, code=1, says=r"kin: cannot send to \S+: Broken pipe\n")

    def test_nobody_there(self):
        process = self.relay()
        client = self.dial(self.door)
        self.assertEqual(client.recv(1), b"")
        self.assert_ended(process, code=1, says=r"kin: cannot connect to unix:\S+: No such file[^\n]*\n")

    def test_whoever_comes_second(self):
        server, process = self.serve(), self.relay()
        client, peer = self.connection(server)
        with self.assertRaises(FileNotFoundError):
            self.dial(self.door)
        client.close()
        peer.close()
        self.assert_ended(process)

    def test_silence(self):
        server, process = self.serve(), self.relay("--idle", "0.3")
        client, peer = self.connection(server)
        for end, other in ((client, peer), (peer, client)):
            end.sendall(b"x")
            self.assertEqual(other.recv(1), b"x")
        self.assertEqual(client.recv(1), b"")
        self.assert_ended(process, says="kin: nothing has moved for 0.3 s\n", code=1)

    def test_interrupt(self):
        server, process = self.serve(), self.relay()
        self.interrupt(process)
        self.assertFalse(os.path.exists(self.door))
        process = self.relay()
        self.connection(server)
        self.interrupt(process)


class Many(RelayTest):
    def test_at_once(self):
        server, process = self.serve(), self.relay("--keep-open")
        pairs = [self.connection(server) for _ in range(30)]
        for number, (client, _) in reversed(list(enumerate(pairs))):
            client.sendall(b"client %d" % number)
        # Which server's end belongs to which client is only told by what comes.
        for _, peer in pairs:
            peer.sendall(b"answer to " + peer.recv(100))
        for number, (client, _) in enumerate(pairs):
            self.assertEqual(client.recv(100), b"answer to client %d" % number)
        self.interrupt(process)
        self.assertFalse(os.path.exists(self.door))

    def test_nothing_is_left_behind(self):
        """Threads and descriptors go with their connections."""
        server, process = self.serve(), self.relay("--keep-open")
        folders = [f"/proc/{process.pid}/{name}" for name in ("fd", "task")]
        before = [len(os.listdir(folder)) for folder in folders]
        for _ in range(20):
            client, peer = self.connection(server)
            client.sendall(b"x")
            self.assertEqual(peer.recv(1), b"x")
            client.close()
            self.assertEqual(peer.recv(1), b"")
            peer.close()
        self.eventually(lambda: [len(os.listdir(folder)) for folder in folders] == before)
        self.interrupt(process)

    def test_one_that_fails(self):
        """It is told, and the others go on."""
        process = self.relay("--keep-open")
        self.assertEqual(self.dial(self.door).recv(1), b"")
        self.assertRegex(process.stderr.readline(), rb"\Akin: cannot connect to unix:")
        server = self.serve()
        client, peer = self.connection(server)
        client.sendall(b"x")
        self.assertEqual(peer.recv(1), b"x")
        self.interrupt(process)

    def test_the_same_complaint_is_made_once(self):
        process = self.relay("--keep-open")
        for _ in range(50):
            self.assertEqual(self.dial(self.door).recv(1), b"")
        self.interrupt(process)
        self.assertEqual(process.stderr.read().count(b"\n"), 1)


class Packets(RelayTest):
    scheme, kind = "unix-seqpacket", socket.SOCK_SEQPACKET

    def test_boundaries(self):
        server, process = self.serve(self.kind), self.relay()
        client, peer = self.connection(server)
        packets = [random.Random(n).randbytes(n) for n in (1, 70_000, 3, 1000)]
        for packet in packets:
            client.send(packet)
        client.shutdown(socket.SHUT_WR)
        self.assertEqual([peer.recv(100_000) for _ in packets], packets)
        self.assertEqual(peer.recv(10), b"")
        peer.send(b"answer")
        peer.close()
        self.assertEqual(client.recv(100), b"answer")
        client.close()
        self.assert_ended(process)

    def test_to_a_stream(self):
        server, process = self.serve(), self.relay(to="unix:" + self.path)
        client, peer = self.connection(server)
        client.send(b"one")
        client.send(b"two")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(read_to_end(peer), b"onetwo")
        thread = threading.Thread(target=lambda: (peer.sendall(OTHER), peer.close()))
        thread.start()
        packets = iter(lambda: client.recv(1_000_000), b"")
        self.assertEqual(digest(b"".join(packets)), digest(OTHER))
        thread.join()
        client.close()
        self.assert_ended(process)

    def test_from_a_stream_to_datagrams(self):
        """Datagrams have no end: after the other's, silence is."""
        server = self.serve(socket.SOCK_DGRAM)
        process = self.relay("--wait", "0.1", start="unix:" + self.door, to="unix-dgram:" + self.path)
        client = self.dial(self.door, socket.SOCK_STREAM)
        client.sendall(b"one")
        self.assertEqual(server.recv(100), b"one")
        client.sendall(b"two")
        self.assertEqual(server.recv(100), b"two")
        client.close()
        self.assert_ended(process)


class Over(RelayTest):
    """Families whose bytes are not in their descriptors: the fixture rot13, over unix."""

    def setUp(self):
        super().setUp()
        self.more = {"env": {**os.environ,
                             "KIN_PLUGIN_PATH": os.path.join(kintest.FIXTURES, "rot13")}}

    def relays(self):
        """Both sides, one of them, the other."""
        start, to = "unix:" + self.door, "unix:" + self.path
        return (("rot13:" + start, "rot13:" + to), ("rot13:" + start, to), (start, "rot13:" + to))

    def test_both_ways(self):
        for start, to in self.relays():
            with self.subTest(start=start, to=to):
                server = self.listen(to, **self.more)
                process = self.relay(start=start, to=to, **self.more)
                client = self.kin("connect", start, **self.more)
                got = []
                thread = threading.Thread(target=lambda: got.append(self.finish(server, OTHER)[0]))
                thread.start()
                out, _ = self.finish(client, LARGE)
                thread.join()
                self.assertEqual(digest(out), digest(OTHER))
                self.assertEqual(digest(got[0]), digest(LARGE))
                self.assert_ended(process)


class Terminal(RelayTest):
    def terminal(self, *options, **environment):
        """A relay whose standard error is a terminal, and what is written there."""
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        process = self.kin("relay", *options, "unix:" + self.door, self.there, stderr=slave,
                           env={**os.environ, "TERM": "xterm", "NO_COLOR": "1", **environment})
        os.close(slave)
        return process, master

    def read(self, master):
        """Until the other side is closed, which is EIO on a terminal."""
        text = b""
        try:
            while data := os.read(master, 4096):
                text += data
        except OSError:
            pass
        return text

    def pass_a_megabyte(self, server, master):
        self.eventually(lambda: os.path.exists(self.door))
        client, peer = self.connection(server)
        thread = threading.Thread(target=lambda: (client.sendall(bytes(1_000_000)), client.close()))
        thread.start()
        self.assertEqual(len(read_to_end(peer)), 1_000_000)
        thread.join()
        peer.close()
        return self.read(master).decode()

    def test_progress(self):
        server = self.serve()
        process, master = self.terminal()
        text = self.pass_a_megabyte(server, master)
        self.assertEqual(process.wait(20), 0)
        self.assertIn("\r\033[K", text)
        self.assertRegex(text, r"\r\033\[Kkin: 1\.0 MB in [\d.]+ s, [\d.]+ \w+/s\r\n\Z")

    def test_a_dumb_terminal(self):
        server = self.serve()
        process, master = self.terminal(TERM="dumb")
        self.assertNotIn("\033", self.pass_a_megabyte(server, master))
        self.assertEqual(process.wait(20), 0)


class Usage(RelayTest):
    def test_nothing_is_bound(self):
        for arguments in (("unix:" + self.door, "unx:/x"), ("unx:/x", self.there),
                          ("unix:" + self.door, "unix:/x?so.frobnicate=1"),
                          ("--idle=soon", "unix:" + self.door, self.there),
                          ("--timeout=-1", "unix:" + self.door, self.there),
                          ("unix:" + self.door,), ("--frobnicate", "unix:" + self.door, self.there)):
            with self.subTest(arguments=arguments):
                done = kintest.kin("relay", *arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertRegex(done.stderr, r"\Akin: [^\n]+\n\Z")
                self.assertFalse(os.path.exists(self.door))

    def test_a_dead_path_in_the_way(self):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(self.door)
        done = kintest.kin("relay", "unix:" + self.door, self.there)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.endswith(f"rm {self.door}\n"), done.stderr)


if __name__ == "__main__":
    kintest.main()
