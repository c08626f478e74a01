# SPDX-License-Identifier: LGPL-2.1-or-later
"""readme: what README.md shows is what happens.

Needs: unix loop
"""
import os
import re
import subprocess
import tempfile
import time

import kintest
from kintest import BUILD, KIN, SOURCE


def blocks(language):
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", file.read())


class Readme(kintest.TestCase):
    def run_line(self, line, folder):
        """A command as the reader types it; its output, both streams as a terminal shows them."""
        environment = dict(os.environ, PATH=os.path.dirname(KIN) + ":" + os.environ["PATH"])
        if line.endswith("&"):
            process = subprocess.Popen(["bash", "-c", "exec " + line[:-1]], env=environment,
                                       cwd=folder, stderr=subprocess.PIPE, text=True)
            self.addCleanup(process.wait)
            self.addCleanup(process.stderr.close)
            self.addCleanup(process.terminate)
            return process.stderr.readline()
        return subprocess.run(["bash", "-c", line], env=environment, cwd=folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=30).stdout

    def test_transcript(self):
        transcript = next(text for text in blocks("") if text.startswith("$ kin "))
        with tempfile.TemporaryDirectory() as folder:
            for shown in re.findall(r"(?ms)^\$ .*?(?=^\$ |\Z)", transcript):
                line, expected = shown.split("\n", 1)
                output = self.run_line(line[2:].replace("/tmp/", folder + "/"), folder)
                output = output.replace(folder + "/", "/tmp/")
                self.assertEqual(output, expected, line)

    def test_program(self):
        """The example, line for line; it compiles and says hello to a stranger."""
        program, = blocks("c")
        with open(os.path.join(SOURCE, "examples/hello.c"), encoding="utf-8") as file:
            self.assertEqual(file.read().split("\n", 1)[1], program)
        self.assertEqual(program.count("\n"), 15)
        answer = subprocess.Popen(["socat", "ABSTRACT-LISTEN:hello", "EXEC:cat"])
        self.addCleanup(answer.wait)
        self.addCleanup(answer.terminate)
        for _ in range(50):
            done = subprocess.run([os.path.join(BUILD, "examples/hello")], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            if "refused" not in done.stderr:
                break
            time.sleep(0.1)
        self.assertEqual((done.stdout, done.stderr, done.returncode), ("hello\n", "", 0))


if __name__ == "__main__":
    kintest.main()
