#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/kin_exec.py: kin listen --exec: a command for each connection.

Needs: unix loop plugins
"""
import glob
import os
import socket

import kintest
from kin_bytes import LARGE, BytesTest, digest, read_to_end


class Exec(BytesTest):
    def test_both_ways(self):
        process = self.listen("--exec", "tr a-z A-Z", self.endpoint)
        client = self.dial()
        client.sendall(b"hello")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(read_to_end(client), b"HELLO")
        self.assertEqual(self.finish(process), (b"", ""))

    def test_large(self):
        process = self.listen("--exec", "cat", self.endpoint)
        out, _ = self.finish(self.kin("connect", self.endpoint), LARGE)
        self.assertEqual(digest(out), digest(LARGE))
        self.assertEqual(self.finish(process), (b"", ""))

    def test_status(self):
        process = self.listen("--exec", "exit 3", self.endpoint)
        self.assertEqual(read_to_end(self.dial()), b"")
        _, err = self.finish(process, code=1)
        self.assertEqual(err, "kin: the command ended with status 3\n")

    def test_signals_are_the_commands_own(self):
        """A command whose reader goes away dies of SIGPIPE, as in a shell: no failure."""
        process = self.listen("--exec", "while echo y; do sleep 0.01; done", self.endpoint)
        client = self.dial()
        self.assertEqual(client.recv(2), b"y\n")
        client.shutdown(socket.SHUT_RD)
        self.assertEqual(self.finish(process), (b"", ""))

    def test_several_at_once(self):
        process = self.listen("--keep-open", "--exec", "cat", self.endpoint)
        clients = [self.dial() for _ in range(5)]
        for number, client in enumerate(clients):
            client.sendall(b"client %d" % number)
        for number, client in reversed(list(enumerate(clients))):
            self.assertEqual(client.recv(100), b"client %d" % number)
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(client.recv(100), b"")
        self.eventually(lambda: not self.children(process))
        self.eventually(lambda: len(os.listdir(f"/proc/{process.pid}/fd")) == 4)
        self.interrupt(process)
        self.assertFalse(os.path.exists(self.path))

    def children(self, process):
        """Those that are not reaped, too: a zombie still names its parent."""
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    if int(file.read().rpartition(")")[2].split()[1]) == process.pid:
                        return True
            except OSError:   # it has ended
                continue
        return False


if __name__ == "__main__":
    kintest.main()
