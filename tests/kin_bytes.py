#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/kin_bytes.py: kin connect and kin listen, with Python's socket module, socat and each other.

Needs: unix loop plugins
"""
import hashlib
import os
import random
import resource
import shutil
import signal
import socket
import tempfile
import threading
import time

import kintest

LARGE = random.Random(1).randbytes(5_000_000)
OTHER = random.Random(2).randbytes(5_000_000)


def digest(data):
    return len(data), hashlib.sha256(data).hexdigest()


def read_to_end(connection):
    return b"".join(iter(lambda: connection.recv(65536), b""))


class BytesTest(kintest.PeerTest):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="kin-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = os.path.join(self.folder, "s")
        self.endpoint = "unix:" + self.path

    def kin(self, *arguments, **more):
        return self.start(kintest.KIN, *arguments, **more)

    def serve(self, kind=socket.SOCK_STREAM):
        """Python's listening socket."""
        server = socket.socket(socket.AF_UNIX, kind)
        self.addCleanup(server.close)
        server.settimeout(20)
        server.bind(self.path)
        if kind != socket.SOCK_DGRAM:
            server.listen()
        return server

    def accept(self, server):
        connection, _ = server.accept()
        connection.settimeout(20)
        self.addCleanup(connection.close)
        return connection

    def dial(self, path=None, kind=socket.SOCK_STREAM):
        """Python's connected socket."""
        client = socket.socket(socket.AF_UNIX, kind)
        self.addCleanup(client.close)
        client.settimeout(20)
        client.connect(path or self.path)
        return client

    def finish(self, process, data=None, code=0):
        """Gives it input, waits for its end; what it printed."""
        out, err = process.communicate(data, timeout=30)
        self.assertEqual(process.returncode, code, err.decode())
        return out, err.decode()

    def eventually(self, is_true):
        deadline = time.monotonic() + 10
        while not is_true():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def interrupt(self, process):
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), -signal.SIGINT)


class Connect(BytesTest):
    def test_half_close_then_answer(self):
        server = self.serve()
        process = self.kin("connect", self.endpoint)
        process.stdin.write(b"question\0\n")
        process.stdin.close()
        connection = self.accept(server)
        self.assertEqual(read_to_end(connection), b"question\0\n")
        connection.sendall(b"answer\xff")
        connection.close()
        process.stdin = None
        self.assertEqual(self.finish(process), (b"answer\xff", ""))

    def test_both_directions_are_full(self):
        """The peer sends all before it reads anything, and so does the input."""
        server = self.serve()
        received = []

        def talk():
            connection = self.accept(server)
            connection.sendall(OTHER)
            received.append(read_to_end(connection))
            connection.close()
        thread = threading.Thread(target=talk)
        thread.start()
        out, _ = self.finish(self.kin("connect", self.endpoint), LARGE)
        thread.join()
        self.assertEqual(digest(out), digest(OTHER))
        self.assertEqual(digest(received[0]), digest(LARGE))

    def test_the_peers_end_ends_it(self):
        server = self.serve()
        process = self.kin("connect", self.endpoint)
        connection = self.accept(server)
        connection.sendall(b"bye")
        connection.close()
        self.assertEqual(process.stdout.read(), b"bye")
        self.assertEqual(process.wait(20), 0)

    def test_a_peer_that_only_stops_sending_gets_the_rest(self):
        server = self.serve()
        with open(os.path.join(self.folder, "large"), "w+b") as file:
            file.write(LARGE)
            file.flush()
            file.seek(0)
            process = self.kin("connect", self.endpoint, stdin=file)
        connection = self.accept(server)
        connection.shutdown(socket.SHUT_WR)
        self.assertEqual(digest(read_to_end(connection)), digest(LARGE))
        self.assertEqual(process.wait(20), 0)

    def test_silence_after_the_peer_stopped_sending(self):
        server = self.serve()
        process = self.kin("connect", "--wait", "0.5", self.endpoint)
        connection = self.accept(server)
        connection.shutdown(socket.SHUT_WR)
        started = time.monotonic()
        process.stdin.write(b"late")
        process.stdin.flush()
        self.assertEqual(connection.recv(100), b"late")
        self.assertEqual(process.wait(20), 0)
        self.assertGreaterEqual(time.monotonic() - started, 0.45)

    def test_reset(self):
        """Closing with bytes unread resets the connection."""
        server = self.serve()
        process = self.kin("connect", self.endpoint)
        connection = self.accept(server)
        process.stdin.write(b"unread")
        process.stdin.flush()
        while not connection.recv(100, socket.MSG_PEEK):
            pass
        connection.close()
        out, err = self.finish(process, code=1)
        self.assertEqual(out, b"")
        self.assertRegex(err, r"\Akin: cannot receive from \S+: Connection reset by peer[^\n]*\n\Z")

    def test_peer_gone_while_sending(self):
        server = self.serve()
        process = self.kin("connect", self.endpoint)
        self.accept(server).close()
        # It may have ended by the peer's end before it took the input.
        try:
            process.stdin.write(LARGE)
        except BrokenPipeError:
            pass
        self.assertIn(process.wait(20), (0, 1))

    def test_the_outputs_reader_has_gone(self):
        server = self.serve()
        process = self.kin("connect", self.endpoint)
        connection = self.accept(server)
        process.stdout.close()
        connection.sendall(b"nobody reads this")
        self.assertEqual(process.wait(20), 1)
        self.assertEqual(process.stderr.read(), b"")

    def test_full_disk(self):
        server = self.serve()
        with open("/dev/full", "wb") as full:
            process = self.kin("connect", self.endpoint, stdout=full)
        self.accept(server).sendall(b"x")
        self.assertEqual(process.wait(20), 1)
        self.assertIn(b"kin: cannot write to the standard output: No space", process.stderr.read())

    def test_closed_standard_descriptors(self):
        server = self.serve()
        process = self.start("sh", "-c", 'exec "$0" connect "$1" <&- 2>&-', kintest.KIN,
                             self.endpoint)
        connection = self.accept(server)
        self.assertEqual(connection.recv(10), b"")
        connection.sendall(b"hello")
        connection.close()
        self.assertEqual(self.finish(process)[0], b"hello")

    def test_interrupt(self):
        server = self.serve()
        process = self.kin("connect", self.endpoint)
        self.accept(server)
        self.interrupt(process)

    def test_seqpacket(self):
        server = self.serve(socket.SOCK_SEQPACKET)
        process = self.kin("connect", "unix-seqpacket:" + self.path)
        connection = self.accept(server)
        process.stdin.write(b"one")
        process.stdin.flush()
        self.assertEqual(connection.recv(100), b"one")
        for packet in (b"two", b"three"):
            connection.send(packet)
        process.stdin.close()
        self.assertEqual(connection.recv(100), b"")
        connection.close()
        process.stdin = None
        self.assertEqual(self.finish(process)[0], b"twothree")

    def test_datagrams(self):
        server = self.serve(socket.SOCK_DGRAM)
        process = self.kin("connect", "--wait", "0", "unix-dgram:" + self.path)
        for datagram in (b"one\n", b"two\0"):
            process.stdin.write(datagram)
            process.stdin.flush()
            self.assertEqual(server.recv(100), datagram)
        self.assertEqual(self.finish(process), (b"", ""))

    def test_a_slow_receiver_of_datagrams(self):
        """More datagrams than its queue takes: none is lost."""
        server = self.serve(socket.SOCK_DGRAM)
        with open(os.path.join(self.folder, "large"), "w+b") as file:
            file.write(LARGE)
            file.flush()
            file.seek(0)
            process = self.kin("connect", "--wait", "0", "unix-dgram:" + self.path, stdin=file)
        received = b""
        while len(received) < len(LARGE):
            received += server.recv(1 << 20)
        self.assertEqual(digest(received), digest(LARGE))
        self.assertEqual(process.wait(20), 0)

    def test_socat(self):
        with open(os.path.join(self.folder, "other"), "wb") as file:
            file.write(OTHER)
        got = os.path.join(self.folder, "got")
        self.start("socat", "UNIX-LISTEN:" + self.path,
                   f"SYSTEM:cat {self.folder}/other; cat > {got}.part; mv {got}.part {got}")
        while not os.path.exists(self.path):
            time.sleep(0.01)
        out, _ = self.finish(self.kin("connect", self.endpoint), LARGE)
        self.assertEqual(digest(out), digest(OTHER))
        while not os.path.exists(got):
            time.sleep(0.01)
        with open(got, "rb") as file:
            self.assertEqual(digest(file.read()), digest(LARGE))


class Listen(BytesTest):
    def test_socat(self):
        process = self.listen(self.endpoint)
        with open(os.path.join(self.folder, "large"), "wb") as file:
            file.write(LARGE)
        client = self.start("socat", "-t", "20", "-", "UNIX-CONNECT:" + self.path,
                            stdin=open(os.path.join(self.folder, "large"), "rb"))
        reader = threading.Thread(target=lambda: setattr(client, "got", client.stdout.read()))
        reader.start()
        out, _ = self.finish(process, OTHER)
        reader.join()
        self.assertEqual(digest(out), digest(LARGE))
        self.assertEqual(digest(client.got), digest(OTHER))

    def test_each_other(self):
        for endpoint in (self.endpoint, "unix:@" + self.path, "unix:"):
            with self.subTest(endpoint=endpoint):
                process = self.listen(endpoint)
                reader = threading.Thread(
                    target=lambda: setattr(process, "result", self.finish(process, OTHER)))
                reader.start()
                out, _ = self.finish(self.kin("connect", process.endpoint), LARGE)
                reader.join()
                self.assertEqual(digest(out), digest(OTHER))
                self.assertEqual(digest(process.result[0]), digest(LARGE))
                self.assertFalse(os.path.exists(self.path))

    def test_a_client_that_sends_nothing_gets_all(self):
        process = self.listen(self.endpoint)
        client = self.dial()
        client.shutdown(socket.SHUT_WR)
        thread = threading.Thread(target=self.finish, args=(process, LARGE))
        thread.start()
        self.assertEqual(digest(read_to_end(client)), digest(LARGE))
        thread.join()

    def test_one_connection(self):
        process = self.listen(self.endpoint)
        client = self.dial()
        client.sendall(b"x")
        self.assertEqual(process.stdout.read(1), b"x")
        self.assertFalse(os.path.exists(self.path))
        client.close()
        self.assertEqual(self.finish(process), (b"", ""))

    def test_no_descriptor_left(self):
        """It says so, and goes on when there are some again."""
        process = self.listen("--keep-open", self.endpoint)
        before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (4, 1024))
        # An accept that waits already has its descriptor, so this one may or may not be served.
        with self.dial() as client:
            client.sendall(b"one\n")
        self.assertIn(b"Too many open files", process.stderr.readline())
        time.sleep(0.5)   # in which it tries again, and says no more
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (min(before[0], 1024), 1024))
        self.assertEqual(process.stdout.readline(), b"one\n")
        self.say(b"two\n", process)
        self.interrupt(process)
        self.assertEqual(process.stderr.read(), b"")

    def say(self, line, process):
        with self.dial() as client:
            client.sendall(line)
        self.assertEqual(process.stdout.readline(), line)

    def test_keep_open(self):
        process = self.listen("--keep-open", self.endpoint)
        for number in range(5):
            self.say(b"%d\n" % number, process)
        self.interrupt(process)
        self.assertFalse(os.path.exists(self.path))

    def test_keep_open_outlives_a_reset(self):
        process = self.listen("--keep-open", self.endpoint)
        process.stdin.write(b"unread")
        process.stdin.flush()
        client = self.dial()
        client.recv(1, socket.MSG_PEEK)
        client.close()
        self.assertIn(b"reset", process.stderr.readline())
        self.say(b"next\n", process)

    def test_interrupt(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.listen(self.endpoint)
            self.assertTrue(os.path.exists(self.path))
            process.send_signal(number)
            self.assertEqual(process.wait(20), -number)
            self.assertFalse(os.path.exists(self.path))
            self.assertEqual(process.stderr.read(), b"")

    def test_only_its_own_path_is_removed(self):
        process = self.listen(self.endpoint)
        os.unlink(self.path)
        self.serve()
        self.interrupt(process)
        self.assertTrue(os.path.exists(self.path))

    def test_a_relative_path_and_bytes(self):
        process = self.listen("unix:n%ffm?so.rcvbuf=65536", cwd=self.folder)
        path = os.path.join(os.fsencode(self.folder), b"n\xffm")
        self.assertTrue(os.path.exists(path))
        self.interrupt(process)
        self.assertFalse(os.path.exists(path))

    def test_datagrams(self):
        process = self.listen("unix-dgram:" + self.path)
        clients = []
        for name in (b"one", b"two"):
            client = self.dial(kind=socket.SOCK_DGRAM)
            client.bind(os.path.join(os.fsencode(self.folder), name))
            client.send(name)
            self.assertEqual(process.stdout.read(len(name)), name)
            clients.append(client)
        process.stdin.write(b"answer")
        process.stdin.flush()
        self.assertEqual(clients[1].recv(100), b"answer")
        clients[0].send(b"again")
        self.assertEqual(process.stdout.read(5), b"again")
        process.stdin.write(b"to the last")
        process.stdin.flush()
        self.assertEqual(clients[0].recv(100), b"to the last")
        self.interrupt(process)
        self.assertFalse(os.path.exists(self.path))

    def test_an_answer_that_cannot_be_delivered(self):
        process = self.listen("unix-dgram:" + self.path)
        client = self.dial(kind=socket.SOCK_DGRAM)
        client.bind(self.path + "-client")
        client.send(b"hello")
        self.assertEqual(process.stdout.read(5), b"hello")
        client.close()
        process.stdin.write(b"answer")
        process.stdin.flush()
        self.assertRegex(process.stderr.readline(), rb"\Akin: cannot send to .*refused")
        self.dial(kind=socket.SOCK_DGRAM).send(b"still here")
        self.assertEqual(process.stdout.read(10), b"still here")


if __name__ == "__main__":
    kintest.main()
