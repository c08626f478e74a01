#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/kin_over.py: the kin command on a family whose bytes are not in its descriptor.

Needs: unix plugins shared
"""
import os
import re
import threading

import kintest
from kin_bytes import LARGE, OTHER, BytesTest, digest


class Over(BytesTest):
    """A family whose bytes are not in its descriptor: the fixture rot13, over unix."""

    def setUp(self):
        super().setUp()
        plugins = os.path.join(kintest.FIXTURES, "rot13")
        self.endpoint = "rot13:unix:" + self.path
        self.more = {"env": {**os.environ, "KIN_PLUGIN_PATH": plugins}}

    def test_both_ways(self):
        process = self.listen(self.endpoint, **self.more)
        self.assertEqual(process.endpoint, self.endpoint)
        reader = threading.Thread(
            target=lambda: setattr(process, "result", self.finish(process, OTHER)))
        reader.start()
        out, _ = self.finish(self.kin("connect", self.endpoint, **self.more), LARGE)
        reader.join()
        self.assertEqual(digest(out), digest(OTHER))
        self.assertEqual(digest(process.result[0]), digest(LARGE))
        self.assertFalse(os.path.exists(self.path))

    def test_interrupt(self):
        process = self.listen(self.endpoint, **self.more)
        self.assertTrue(os.path.exists(self.path))
        self.interrupt(process)
        self.assertFalse(os.path.exists(self.path))

    def test_exec(self):
        process = self.listen("--keep-open", "--exec", "cat", self.endpoint, **self.more)
        for data in (b"hello", LARGE):
            out, _ = self.finish(self.kin("connect", self.endpoint, **self.more), data)
            self.assertEqual(digest(out), digest(data))
        self.interrupt(process)

    def test_exec_ends_with_the_command(self):
        process = self.listen("--exec", "echo hello; exec <&- >&-; sleep 0.2; exit 3",
                              self.endpoint, **self.more)
        client = self.kin("connect", self.endpoint, **self.more)
        self.assertEqual(client.stdout.read(), b"hello\n")
        self.assertEqual(client.wait(20), 0)
        _, err = self.finish(process, code=1)
        self.assertEqual(re.findall("status (.)", err), ["3"])


if __name__ == "__main__":
    kintest.main()
