#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/kin_words.py: what kin says to those who typed something else than they meant.

Needs: unix loop plugins
"""
import kintest
from kin import KinTest


class NearMisses(KinTest):
    """What was typed, and the end of what is said."""

    def each(self, *pairs):
        for typed, says in pairs:
            with self.subTest(typed=typed):
                self.assertTrue(self.assert_fails(2, "resolve", typed).endswith(says + "\n"))

    def test_texts_without_a_scheme(self):
        self.each(("UNIX:/tmp/x", '"UNIX:/tmp/x" is not an endpoint: did you mean unix:?'),
                  ("unix_dgram:/x", "did you mean unix-dgram:?"),
                  ("Unx:/x", "did you mean unix:?"),
                  ("word", "write SCHEME:ADDRESS[?OPTION=VALUE&...]; `kin families` lists the schemes"))

    def test_schemes(self):
        self.each(("unix-stream:/x", "did you mean one of unix, unix-dgram, unix-seqpacket?"),
                  ("lop:x", "did you mean loop?"))

    def test_options(self):
        self.each(("unix:/x?SO_RCVBUF=4096", "is it so.rcvbuf?"),
                  ("unix:/x?Unix_PassCred=1", "is it unix.passcred?"),
                  ("unix:/x?timeout=5", "see kin_socket_set_timeout(), and kin connect --timeout"),
                  ("unix:/x?colour=1", "`kin info unix` lists all"))

    def test_info_says_where_the_others_are(self):
        words = "\nOptions of every socket: kin info so\n"
        self.assertIn(words, self.run_well("info", "unix"))
        self.assertNotIn(words, self.run_well("info", "so"))


if __name__ == "__main__":
    kintest.main()
