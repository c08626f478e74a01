#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/vm.py: scripts/vm itself: streams, status, what stays of a run, what is said when it fails."""
import os
import signal
import subprocess
import tempfile
import threading
import time

import kintest

VM = os.path.join(kintest.SOURCE, "scripts/vm")


def vm(*arguments, **more):
    return subprocess.run([VM, "--timeout", "60", *arguments], **{"capture_output": True, "timeout": 120,
                                               "stdin": subprocess.DEVNULL, "check": False, **more})


def processes(mark):
    """Ids of those that have the mark in their environment."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/environ", "rb") as environment:
                if mark.encode() in environment.read():
                    found.append(int(name))
        except OSError:
            pass
    return found


class Command(kintest.TestCase):
    """What a command has there is what it has here."""

    def test_streams_and_status(self):
        data = os.urandom(300000) + b"\r\n\0\xff\x04"
        done = vm("sh", "-c", "cat; printf 'e\\r\\n\\377' >&2; exit 7", input=data, stdin=None)
        self.assertEqual(done.stderr, b"e\r\n\xff")
        self.assertTrue(done.stdout == data)
        self.assertEqual(done.returncode, 7)

    def test_arguments_environment_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            done = vm("/usr/bin/python3", "-c", "import os, sys; print(sys.argv[1:], "
                      "os.environ['KIN_ODD'], os.getcwd(), os.getuid(), sep='|')",
                      "", "a b", "'\"$x\n", cwd=folder, env={**os.environ, "KIN_ODD": "1 \n2"})
        self.assertEqual(done.stdout.decode(),
                         f"['', 'a b', '\\'\"$x\\n']|1 \n2|{os.path.realpath(folder)}|0\n")

    def test_no_such_command(self):
        done = vm("no-such-command")
        self.assertIn(b"no-such-command", done.stderr)
        self.assertEqual(done.returncode, 127)

    def test_input_left_alone(self):
        """A command that reads nothing ends although its input does not."""
        reader, writer = os.pipe()
        with os.fdopen(writer, "wb"), os.fdopen(reader, "rb") as stdin:
            self.assertEqual(vm("true", stdin=stdin).returncode, 0)

    def test_left_running(self):
        """So does one that leaves a process behind."""
        done = vm("sh", "-c", "sleep 1000 & echo done")
        self.assertEqual((done.stdout, done.returncode), (b"done\n", 0))


class What_stays(kintest.TestCase):
    def test_out(self):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out put")
            os.mkdir(out)
            done = vm("--out", out, "sh", "-c", f"echo 1 >'{out}/kept' && echo 2 >'{folder}/lost'"
                      " && echo 3 >/etc/kin-lost && cat /etc/kin-lost")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"3\n", b""))
            with open(f"{out}/kept", encoding="ascii") as kept:
                self.assertEqual(kept.read(), "1\n")
            self.assertEqual(os.listdir(folder), ["out put"])
            self.assertFalse(os.path.exists("/etc/kin-lost"))

    def test_two_at_once(self):
        results = {}

        def run(name):
            results[name] = vm("sh", "-c", f"echo {name} >/tmp/kin-mine; sleep 2; cat /tmp/kin-mine")

        runs = [threading.Thread(target=run, args=(name,)) for name in ("one", "two")]
        for each in runs:
            each.start()
        for each in runs:
            each.join()
        for name in ("one", "two"):
            self.assertEqual(results[name].stdout.decode(), name + "\n")

    def ends(self, signal_number, status, everyone):
        """After a signal, to the script alone or to everyone as a terminal's: nothing is left."""
        mark = f"KIN_MARK=vm-{os.getpid()}-{signal_number}-{everyone}"
        name, value = mark.split("=")
        with tempfile.TemporaryDirectory() as folder:
            with subprocess.Popen([VM, "sh", "-c", "echo started; sleep 1000"], text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, start_new_session=True,
                                  env={**os.environ, name: value, "TMPDIR": folder}) as process:
                self.assertEqual(process.stdout.readline(), "started\n")
                (os.killpg if everyone else os.kill)(process.pid, signal_number)
                self.assertEqual(process.wait(30), status)
            end = time.monotonic() + 10
            while processes(mark) and time.monotonic() < end:
                time.sleep(0.05)
            self.assertEqual(processes(mark), [])
            self.assertEqual(os.listdir(folder), [])
            with open("/proc/self/mounts", encoding="utf-8") as mounts:
                self.assertNotIn(folder, mounts.read())

    def test_interrupt(self):
        self.ends(signal.SIGINT, 130, everyone=True)

    def test_interrupt_of_the_script_alone(self):
        self.ends(signal.SIGINT, 130, everyone=False)

    def test_termination(self):
        self.ends(signal.SIGTERM, 143, everyone=False)

    def test_timeout(self):
        start = time.monotonic()
        done = vm("--timeout", "2", "sleep", "1000")
        seconds = time.monotonic() - start
        self.assertEqual(done.returncode, 124)
        self.assertIn(b"not done in 2 s: sleep 1000", done.stderr)
        self.assertTrue(2 <= seconds < 20, seconds)


class Failures(kintest.TestCase):
    def refused(self, arguments, *words, **environment):
        done = vm(*arguments, text=True, env={**os.environ, **environment})
        self.assertEqual((done.returncode, done.stdout), (125, ""), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def commands(self, folder, **scripts):
        """The PATH with commands of ours before it."""
        for name, text in scripts.items():
            path = os.path.join(folder, name.replace("_", "-"))
            with open(path, "w", encoding="ascii") as file:
                file.write("#!/bin/sh\n" + text)
            os.chmod(path, 0o755)
        return folder + ":" + os.environ["PATH"]

    def test_arguments(self):
        self.refused([], "no command", "--help")
        self.refused(["--setpu", "true"], "no such option: --setpu", "--help")
        self.refused(["--timeout", "soon", "true"], "--timeout takes seconds, not 'soon'")
        self.refused(["--timeout"], "--timeout takes a value")
        self.refused(["--out", "/no/such/folder", "true"], "--out takes a folder")

    def test_no_qemu(self):
        """Not there and not to be had: as root, and as somebody else."""
        with tempfile.TemporaryDirectory() as folder:
            path = self.commands(folder, dpkg_query="exit 1", apt_get="echo no network; exit 100",
                                 id="echo 0")
            self.refused(["true"], "no network", "could not install:", "qemu-system-x86", PATH=path)
            path = self.commands(folder, id="echo 1000")
            self.refused(["true"], "please do: apt-get install", "qemu-system-x86", PATH=path)

    def test_no_download(self):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
            path = self.commands(folder, apt_get="echo no network; exit 100")
            self.refused(["true"], "no network", "could not fetch Debian's kernel",
                         "linux-image-amd64", PATH=path, KIN_VM_CACHE=cache)
            self.assertEqual(os.listdir(cache), ["lock"])

    def test_machine_fails(self):
        self.refused(["true"], "nonsense", "ended by itself", KIN_VM_ACCEL="nonsense")


if __name__ == "__main__":
    kintest.main()
