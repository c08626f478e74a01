#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/kin_installed.py: what kin says where files of its own are missing.

Needs: unix loop plugins shared
"""
import glob
import json
import os
import shutil

import kintest
from kin import KinTest


class Installed(KinTest):
    """A copy of libkin and of the families unix and loop, from which files can be taken away."""

    def setUp(self):
        super().setUp()
        library, = glob.glob(kintest.BUILD + "/lib*/**/libkin.so.1", recursive=True)
        built = os.path.dirname(library)
        self.lib = self.path(os.path.relpath(built, kintest.BUILD))
        os.makedirs(self.family())
        shutil.copy(library, self.lib)
        for name in "unix", "loop":
            for end in ".so", ".kin":
                shutil.copy(os.path.join(built, "kin-1/families", name + end), self.family())
        shutil.copytree(os.path.join(kintest.BUILD, "share/kin-1"), self.path("share/kin-1"))

    def family(self, name=""):
        return os.path.join(self.lib, "kin-1/families", name)

    def built_family(self):
        found, = glob.glob(kintest.BUILD + "/lib*/**/kin-1/families/unix.kin", recursive=True)
        return found

    def kin(self, *arguments):
        env = {**os.environ, "LD_LIBRARY_PATH": self.lib, "KIN_PLUGIN_PATH": ""}
        return kintest.kin(*arguments, env=env)

    def test_doctor_takes_a_scheme(self):
        done = self.kin("doctor", "unix-dgram")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\Aunix  ok  round trip by unix-dgram\n\Z")

    def test_doctor_says_what_is_missing(self):
        os.unlink(self.family("unix.so"))
        for name in "unix", "unix-dgram":
            done = self.kin("doctor", "--json", name)
            self.assertEqual(done.returncode, 1)
            finding, = json.loads(done.stdout)
            self.assertIn("is not there, though its manifest is", finding["message"])

    def test_no_manifest(self):
        os.unlink(self.family("loop.kin"))
        done = self.kin("resolve", "loop:x")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(f"no loop.kin in {self.family().rstrip('/')}, ", done.stderr)

    def test_no_family_at_all(self):
        shutil.rmtree(self.family())
        for verb, code, output in (("doctor", 1, "[]\n"), ("families", 0, "[]\n")):
            done = self.kin(verb, "--json")
            self.assertEqual((done.returncode, done.stdout), (code, output))
            self.assertIn(f"no family is installed; looked in {self.family().rstrip('/')}, ",
                          done.stderr)

    def test_the_help_of_families_names_a_folder_of_the_build(self):
        line, = (line for line in self.kin("families", "--help").stdout.splitlines()
                 if "KIN_PLUGIN_PATH" in line)
        folder = line.split("=")[1].split()[0].replace("$PWD/build", kintest.BUILD)
        self.assertEqual(folder, os.path.dirname(self.built_family()))


if __name__ == "__main__":
    kintest.main()
