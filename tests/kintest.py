# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every end-to-end test here starts from: unittest, reporting in TAP, and the kin command.

A test is tests/NAME.py, or tests/families/NAME.py for what the family NAME alone is about:

    #!/usr/bin/python3
    # SPDX-License-Identifier: LGPL-2.1-or-later
    \"\"\"tests/relay.py: bytes between two families.

    Needs: unix loop
    \"\"\"
    import kintest

    class Relay(kintest.TestCase):
        def test_unknown_scheme(self):
            done = kintest.kin("resolve", "unx:/x")
            self.assertEqual(done.returncode, 2)

    if __name__ == "__main__":
        kintest.main()

"Needs:" names the families without which the test makes no sense: in a tree without one of them
CMake leaves the test out; tests/CMakeLists.txt has the other words. tests/families/NAME.py needs
NAME, said or not. For what the running kernel lacks, self.skipTest("the kernel has no SO_PEERPIDFD
(Linux 6.5)"): it is counted, by name, as skipped.

The build sets KIN (the command), KIN_BUILD, KIN_SOURCE and KIN_FIXTURES (folders), and KIN_SANITIZE
("address,undefined" or nothing: no leak check can run under strace).
"""
import os
import subprocess
import sys
import unittest

KIN = os.environ.get("KIN", "kin")
BUILD = os.environ.get("KIN_BUILD", ".")
SOURCE = os.environ.get("KIN_SOURCE", ".")
FIXTURES = os.environ.get("KIN_FIXTURES", "")
SANITIZE = os.environ.get("KIN_SANITIZE", "")

TestCase = unittest.TestCase


def kin(*arguments, **more):
    """Runs the command to its end; what it wrote is in .stdout and .stderr. more: subprocess.run's."""
    more = {"capture_output": True, "text": True, "timeout": 30, "stdin": subprocess.DEVNULL, **more}
    if "input" in more:
        del more["stdin"]
    return subprocess.run([KIN, *arguments], check=False, **more)


class PeerTest(TestCase):
    """Of programs that run side by side: whatever becomes of the test, they end with it."""

    def start(self, *command, **more):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(command, **{**pipes, **more})
        self.addCleanup(self.stop, process)
        return process

    def stop(self, process):
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in process.stdin, process.stdout, process.stderr:
            try:
                if stream:
                    stream.close()
            except BrokenPipeError:   # what was written and not yet sent
                pass

    def listen(self, *arguments, **more):
        """A kin that listens, once it says so; .endpoint is what it says."""
        process = self.start(KIN, "listen", *arguments, **more)
        line = process.stderr.readline().decode()
        self.assertRegex(line, r"\Akin: listening on [^\n]+\n\Z")
        process.endpoint = line.removeprefix("kin: listening on ").rstrip("\n")
        return process

    def assertEnds(self, process, output):
        """It ends well, with this output and no complaint."""
        out, err = process.communicate(timeout=20)
        self.assertEqual((process.returncode, out, err), (0, output, b""))

    def assertRefused(self, code, words, *arguments, **more):
        """kin says one clean line with all these words, and nothing else."""
        done = kin(*arguments, **more)
        self.assertEqual(done.returncode, code, (arguments, done.stderr))
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"\Akin: [^\n]+\n\Z")
        for word in [words] if isinstance(words, str) else words:
            self.assertIn(word, done.stderr)


class TapResult(unittest.TestResult):
    """One TAP line a test, the plan at the end: without it, the script did not get there."""

    def __init__(self):
        super().__init__()
        self.count = 0
        self.problems = []
        self.reason = None

    def startTest(self, test):
        super().startTest(test)
        self.problems = []
        self.reason = None

    def addError(self, test, err):
        super().addError(test, err)
        self.add_problem(test, self.errors[-1][1])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.add_problem(test, self.failures[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            text = self._exc_info_to_string(err, test)
            self.problems.append(f"{subtest.id()}\n{text}")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.problems.append("it was expected to fail")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.reason = reason
        if not isinstance(test, unittest.TestCase):   # setUpClass skips the whole class
            self.report(test)

    def add_problem(self, test, text):
        self.problems.append(text)
        if not isinstance(test, unittest.TestCase):   # setUpClass failed: no test of it starts
            self.report(test)

    def stopTest(self, test):
        super().stopTest(test)
        self.report(test)

    def report(self, test):
        self.count += 1
        name = test.id().removeprefix("__main__.")
        if self.problems:
            print(f"not ok {self.count} - {name}")
            for line in "\n".join(self.problems).splitlines():
                print("#", line)
        elif self.reason is not None:
            print(f"ok {self.count} - {name} # SKIP {self.reason}")
        else:
            print(f"ok {self.count} - {name}")
        sys.stdout.flush()


def main():
    """Runs the tests of the calling script; names on the command line choose among them."""
    module = sys.modules["__main__"]
    loader = unittest.defaultTestLoader
    suite = (loader.loadTestsFromNames(sys.argv[1:], module) if sys.argv[1:]
             else loader.loadTestsFromModule(module))
    result = TapResult()
    suite.run(result)
    print(f"1..{result.count}")
    sys.exit(0 if result.wasSuccessful() and result.count else 1)
