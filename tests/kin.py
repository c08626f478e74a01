#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/kin.py: the kin command: what its verbs print, what they load, how they fail.

Needs: unix loop plugins
"""
import ctypes
import errno
import glob
import json
import os
import platform
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

import kintest

VERBS = ("connect", "doctor", "families", "info", "interfaces", "listen", "relay", "resolve", "send",
         "watch")


class KinTest(kintest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="kin-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def assert_fails(self, code, *arguments, says=(), **more):
        """It exits with the code, prints nothing and says one clean line that has all the words."""
        done = kintest.kin(*arguments, **more)
        self.assertEqual(done.returncode, code, (arguments, done.stderr))
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"\Akin: [^\n]+\n\Z")
        self.assertTrue(done.stderr[:-1].isprintable(), done.stderr)
        for words in says:
            self.assertIn(words, done.stderr)
        return done.stderr

    def run_well(self, *arguments, **more):
        done = kintest.kin(*arguments, **more)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        return done.stdout

    def plugins_loaded_by(self, *arguments):
        """The families whose files the dynamic linker took in, by its own account."""
        log = self.path("linker")
        kintest.kin(*arguments, env={**os.environ, "LD_DEBUG": "files", "LD_DEBUG_OUTPUT": log})
        logs = glob.glob(log + ".*")
        self.assertTrue(logs)
        text = "".join(open(name, encoding="utf-8", errors="replace").read() for name in logs)
        for name in logs:
            os.unlink(name)
        self.assertIn("libglib-2.0", text)
        names = {info["name"] for info in json.loads(self.run_well("families", "--json"))}
        return {name for name in names if f"/{name}.so" in text}


class Usage(KinTest):
    def test_overview_lists_every_verb(self):
        for arguments in ((), ("--help",), ("-h",)):
            text = self.run_well(*arguments)
            for verb in VERBS:
                self.assertRegex(text, rf"\n  {verb} +\S")

    def test_help_of_each_verb(self):
        for verb in VERBS:
            text = self.run_well(verb, "--help")
            self.assertTrue(text.startswith("Usage:\n  kin " + verb), text)
            self.assertIn("\nExamples:\n  kin " + verb, text)

    def test_version(self):
        self.assertRegex(self.run_well("--version"), r"\Akin \d+\.\d+\.\d+ ")

    def test_unknown_verbs_name_the_nearest(self):
        self.assert_fails(2, "conect", "unix:/x", says=['"connect"'])
        self.assert_fails(2, "resolv", "unix:/x", says=['"resolve"'])
        self.assert_fails(2, "frobnicate", says=["kin --help"])
        self.assert_fails(2, "--frobnicate", says=["no such option", "kin --help"])
        self.assert_fails(2, "\033[31m\n", says=[r"\x1b[31m\x0a"])

    def test_wrong_usage_of_verbs(self):
        for verb in VERBS:
            self.assert_fails(2, verb, "--frobnicate", says=[verb, "--frobnicate", "--help"])
        for verb in ("connect", "info", "listen"):
            self.assert_fails(2, verb, says=[f"usage: kin {verb}"])
            self.assert_fails(2, verb, "unix:/x", "unix:/y", says=["unix:/y"])
        self.assert_fails(2, "resolve")
        self.assert_fails(2, "families", "unix")
        for seconds in ("soon", "-1", "nan", "1s", ""):
            self.assert_fails(2, "connect", f"--timeout={seconds}", "unix:/x", says=["--timeout"])
            self.assert_fails(2, "connect", f"--wait={seconds}", "unix:/x", says=["--wait"])
            self.assert_fails(2, "listen", f"--wait={seconds}", "unix:/x", says=["--wait"])
        self.assert_fails(2, "listen", "--exec", "cat", "unix-dgram:" + self.path("s"),
                          says=["--exec", "unix-dgram"])
        self.assertFalse(os.path.exists(self.path("s")))

    def test_bad_endpoints(self):
        for endpoint in ("unix", "", ":/x", "unix:%zz", "unix:a%00b", "unix:/" + 200 * "x",
                         "unix:/x?", "unix:/x?=1"):
            for verb in ("connect", "resolve", "listen"):
                with self.subTest(verb=verb, endpoint=endpoint):
                    self.assert_fails(2, verb, endpoint)

    def test_unknown_schemes_name_the_nearest(self):
        for verb in ("connect", "resolve", "listen"):
            self.assert_fails(2, verb, "unx:/x", says=["unx", "unix"])
        self.assert_fails(2, "info", "unx", says=["unx", "unix"])
        self.assert_fails(2, "doctor", "unx", says=["unx", "unix"])

    def test_bad_options(self):
        for option in ("unix.frobnicate=1", "frobnicate", "so.rcvbuf=much"):
            for verb in ("connect", "listen"):
                with self.subTest(verb=verb, option=option):
                    self.assert_fails(2, verb, f"unix:{self.path('s')}?{option}")
        self.assertFalse(os.path.exists(self.path("s")))

    def test_a_full_disk_is_no_success(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = kintest.kin("families", capture_output=False, stdout=full,
                               stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 1)
        self.assertIn(os.strerror(errno.ENOSPC), done.stderr)


class Failures(KinTest):
    """What the system answers: exit code 1."""

    def test_connect_to_nothing(self):
        self.assert_fails(1, "connect", "unix:" + self.path("s"),
                          says=["cannot connect to unix:" + self.path("s"),
                                os.strerror(errno.ENOENT)])

    def test_connect_to_a_dead_path(self):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(self.path("s"))
        self.assert_fails(1, "connect", "unix:" + self.path("s"),
                          says=[os.strerror(errno.ECONNREFUSED), f": rm {self.path('s')}\n"])

    def test_listen_on_a_dead_path(self):
        path = self.path("s s")
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(path)
        self.assert_fails(1, "listen", "unix:" + path,
                          says=[os.strerror(errno.EADDRINUSE), f": rm '{path}'\n"])
        self.assertTrue(os.path.exists(path))

    def test_listen_on_a_file(self):
        with open(self.path("f"), "w", encoding="utf-8") as file:
            file.write("mine")
        message = self.assert_fails(1, "listen", "unix:" + self.path("f"))
        self.assertNotIn("rm " + self.path("f"), message)
        with open(self.path("f"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")

    def test_a_full_backlog_times_out(self):
        path = self.path("s")
        with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
            listener.bind(path)
            listener.listen(0)
            first.connect(path)
            for seconds in "0", "0.3":
                self.assert_fails(1, "connect", "--timeout", seconds, "unix:" + path,
                                  says=["timed out; as many wait to be accepted as"])


class Families(KinTest):
    def test_table(self):
        lines = self.run_well("families").splitlines()
        self.assertRegex(lines[0], r"^NAME +STATE +DOMAIN +SCHEMES +SUMMARY +FILE$")
        rows = {line.split()[0]: line for line in lines[1:]}
        self.assertRegex(rows["unix"], rf"^unix +listed +{int(socket.AF_UNIX)} +unix unix-dgram "
                                       r"unix-seqpacket +.*/unix\.so$")
        self.assertRegex(rows["loop"], r"^loop +listed +- +loop loop-dgram +.*/loop\.so$")

    def test_json(self):
        found = {info["name"]: info for info in json.loads(self.run_well("families", "--json"))}
        self.assertEqual(found["unix"]["domain"], int(socket.AF_UNIX))
        self.assertIsNone(found["loop"]["domain"])
        for info in found.values():
            self.assertEqual(set(info), {"name", "state", "schemes", "domain", "summary", "file",
                                         "reason"})
            self.assertEqual((info["state"], info["reason"]), ("listed", None))
            self.assertTrue(os.path.isfile(info["file"]))

    def test_refused_and_shadowed_are_listed_with_the_reason(self):
        unix = {info["name"]: info for info in json.loads(self.run_well("families", "--json"))}["unix"]
        for end in (".so", ".kin"):
            shutil.copy(unix["file"].removesuffix(".so") + end, self.path("unix" + end))
        with open(self.path("junk.kin"), "w", encoding="utf-8") as file:
            file.write("\033[31mjunk\n")
        folders = [os.environ.get("KIN_PLUGIN_PATH"), self.folder]
        more = {"env": {**os.environ, "KIN_PLUGIN_PATH": ":".join(filter(None, folders))}}
        found = [info for info in json.loads(self.run_well("families", "--json", **more))
                 if info["reason"]]
        self.assertEqual([(info["name"], info["state"]) for info in found],
                         [("junk", "refused"), ("unix", "shadowed")])
        text = self.run_well("families", **more)
        self.assertRegex(text, r"\njunk +refused .*\n  \S")
        self.assertRegex(text, r"\nunix +shadowed .*\n  \S")
        self.assertTrue(text.replace("\n", "").isprintable())
        states = json.loads(kintest.kin("doctor", "--json", **more).stdout)
        self.assertEqual([finding["name"] for finding in states if finding["state"] == "refused"],
                         ["junk", "unix"])
        self.assertEqual(kintest.kin("doctor", **more).returncode, 1)

    def test_nothing_is_loaded(self):
        self.assertEqual(self.plugins_loaded_by("families"), set())
        self.assertEqual(self.plugins_loaded_by("resolve", "unix:/x"), {"unix"})
        self.assertEqual(self.plugins_loaded_by("info", "loop"), {"loop"})
        self.assertEqual(self.plugins_loaded_by("info", "loop-dgram"), {"loop"})
        self.assertEqual(self.plugins_loaded_by("info", "so"), set())
        self.assertEqual(self.plugins_loaded_by("connect", "unix:" + self.path("s")), {"unix"})
        self.assertEqual(self.plugins_loaded_by("doctor", "loop"), {"loop"})
        self.assertLessEqual({"unix", "loop"}, self.plugins_loaded_by("doctor"))


class Info(KinTest):
    def test_text(self):
        text = self.run_well("info", "unix")
        self.assertRegex(text, r"\Aunix: \S")
        for words in ("\nunix: stream\n", "\nunix-dgram: datagrams\n", "unix.passcred",
                      "\nOptions\n", "\nControl messages\n", "\nConstants\n", "SCM_RIGHTS"):
            self.assertIn(words, text)
        self.assertRegex(text, r"\n  AF_UNIX +1\n")

    def test_scheme(self):
        text = self.run_well("info", "unix-dgram")
        self.assertIn("\nunix-dgram: datagrams\n", text)
        self.assertNotIn("\nunix: stream\n", text)
        self.assertIn("unix.passcred", text)

    def test_json(self):
        unix, = json.loads(self.run_well("info", "--json", "unix"))
        self.assertEqual((unix["name"], unix["domain"]), ("unix", int(socket.AF_UNIX)))
        self.assertEqual(unix["constants"]["AF_UNIX"], int(socket.AF_UNIX))
        for protocol in unix["protocols"]:
            resolved, = json.loads(self.run_well("resolve", "--json", protocol["example"]))
            self.assertEqual(resolved["tuple"], protocol["example_tuple"])
        passcred, = [row for row in unix["options"] if row["name"] == "unix.passcred"]
        self.assertEqual((passcred["kind"], passcred["read"], passcred["write"]),
                         ("truth", True, True))
        self.assertIn("unix.rights", [row["name"] for row in unix["controls"]])
        dgram, = json.loads(self.run_well("info", "--json", "loop-dgram"))
        self.assertEqual([row["scheme"] for row in dgram["protocols"]], ["loop-dgram"])

    def test_what_every_socket_has(self):
        generic, = json.loads(self.run_well("info", "--json", "so"))
        names = {row["name"] for row in generic["options"]}
        self.assertLessEqual({"so.rcvbuf", "so.reuseaddr"}, names)
        self.assertEqual(generic["constants"]["SOL_SOCKET"], socket.SOL_SOCKET)
        self.assertIn("so.rcvbuf", self.run_well("info", "so"))


class Resolve(KinTest):
    def test_text(self):
        text = self.run_well("resolve", "unix:/run/x.sock", "unix-dgram:@name", "loop:hello")
        self.assertEqual([line.split() for line in text.splitlines()],
                         [["unix:/run/x.sock", "'/run/x.sock'", "unix"],
                          ["unix-dgram:@name", r"b'\x00name'", "unix"],
                          ["loop:hello", "'hello'", "loop"]])

    def test_json(self):
        resolved = json.loads(self.run_well("resolve", "--json", "unix:%2fa%3fb", "unix:/c"))
        self.assertEqual(resolved[0], {"endpoint": "unix:%2fa%3fb", "text": "unix:/a%3Fb",
                                       "tuple": "'/a?b'", "scheme": "unix", "family": "unix",
                                       "options": None})
        self.assertEqual(resolved[1]["tuple"], "'/c'")

    def test_options(self):
        """As they were written; a value is checked all the same."""
        endpoint = "unix:/a?so.rcvbuf=0x1000&so.linger=1:2"
        self.assertEqual(self.run_well("resolve", endpoint).split(),
                         ["unix:/a", "'/a'", "unix", endpoint.split("?")[1]])
        resolved, = json.loads(self.run_well("resolve", "--json", endpoint))
        self.assertEqual(resolved["options"], endpoint.split("?")[1])

    def test_the_others_are_resolved_all_the_same(self):
        done = kintest.kin("resolve", "unix:/a", "unx:/b", "unix:/c")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(len(done.stdout.splitlines()), 2)
        self.assertEqual(len(done.stderr.splitlines()), 1)

    def test_what_follows_two_dashes_is_no_option(self):
        self.assertEqual(self.run_well("resolve", "--", "loop:a").split()[0], "loop:a")
        self.assert_fails(2, "resolve", "--", "--json", says=["--json"])

    def test_not_utf8(self):
        text = self.run_well("resolve", "unix:/%ff")
        self.assertEqual(text.split()[1], r"b'/\xff'")


SOCKET_NUMBERS = {"x86_64": 41, "aarch64": 198}
ALLOW, DENY = (0x06, 0, 0, 0x7fff0000), (0x06, 0, 0, 0x00050000 | errno.EPERM)   # SECCOMP_RET_…


def deny_sockets():
    """Makes the kernel answer EPERM to socket(2), as a container's seccomp filter does."""
    deny((0x20, 0, 0, 0),                                          # the system call's number
         (0x15, 0, 1, SOCKET_NUMBERS[platform.machine()]),         # is it socket?
         DENY, ALLOW)


def deny_kinds():
    """The same to all kinds of socket but SOCK_STREAM."""
    deny((0x20, 0, 0, 0),
         (0x15, 0, 4, SOCKET_NUMBERS[platform.machine()]),
         (0x20, 0, 0, 24),                                         # the second argument's low half
         (0x54, 0, 0, 0xf),                                        # without SOCK_CLOEXEC
         (0x15, 1, 0, socket.SOCK_STREAM),
         DENY, ALLOW)


def deny(*instructions):
    program = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    memory = ctypes.create_string_buffer(program)
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in ((38, 1, 0, 0, 0), (22, 2, header, 0, 0)):   # no new rights; the filter
        if libc.prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


class Doctor(KinTest):
    def test_round_trips(self):
        findings = json.loads(self.run_well("doctor", "--json", "unix", "loop"))
        self.assertEqual([(found["name"], found["state"]) for found in findings],
                         [("unix", "ok"), ("loop", "ok")])
        for finding in findings:
            self.assertEqual(set(finding), {"name", "state", "message"})
        for scheme in ("unix,", "unix-dgram", "unix-seqpacket"):
            self.assertIn(scheme, findings[0]["message"])
        self.assertIn("loop-dgram", findings[1]["message"])

    def test_text(self):
        lines = self.run_well("doctor", "unix", "loop").splitlines()
        self.assertRegex(lines[0], r"^unix  ok  round trip by ")
        self.assertRegex(lines[1], r"^loop  ok  round trip by ")

    def test_all(self):
        done = kintest.kin("doctor", "--json")
        findings = json.loads(done.stdout)
        named = [info["name"] for info in json.loads(self.run_well("families", "--json"))]
        self.assertEqual([found["name"] for found in findings], named)
        bad = [found for found in findings if found["state"] in ("refused", "failed")]
        self.assertEqual(done.returncode, 1 if bad else 0)

    def test_a_reason_is_said_once(self):
        if platform.machine() not in ("x86_64", "aarch64"):
            self.skipTest("no system call number is known for this machine")
        done = kintest.kin("doctor", "unix", preexec_fn=deny_kinds)
        self.assertEqual(done.stdout.count("Operation not permitted"), 1, done.stdout)
        self.assertRegex(done.stdout, r"round trip by unix; unix-dgram, unix-seqpacket: .*: "
                                      r"cannot open: Operation not permitted\n\Z")

    def test_seccomp(self):
        if platform.machine() not in ("x86_64", "aarch64"):
            self.skipTest("no system call number is known for this machine")
        done = kintest.kin("doctor", "--json", "unix", "loop", preexec_fn=deny_sockets)
        unix, loop = json.loads(done.stdout)
        self.assertEqual((unix["state"], loop["state"]), ("denied", "ok"))
        self.assertIn("seccomp", unix["message"])
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    kintest.main()
