#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/plugins_places.py: where plugins are looked for, who of two wins, and what writes manifests.

Needs: plugins
"""
import glob
import os
import shutil
import subprocess
import tempfile

import kintest
from plugins import BROKEN, OLDER, PluginTest

TWINS = os.path.join(kintest.FIXTURES, "twins")


class Conflicts(PluginTest):
    """Two folders: the earlier one's family wins, the other is listed with the reason."""

    def setUp(self):
        super().setUp()
        self.first, self.second = self.path("first"), self.path("second")
        os.mkdir(self.first)
        os.mkdir(self.second)

    def add(self, folder, name, manifest):
        self.write(os.path.join(folder, name + ".kin"), manifest)
        self.write(os.path.join(folder, name + ".so"), self.plugin)

    def check(self, name, *words):
        found = self.families(path=f"{self.first}:{self.second}")
        self.assertEqual(found[os.path.join(self.first, "older.so")]["state"], "listed")
        loser = found[os.path.join(self.second, name + ".so")]
        self.assertEqual(loser["state"], "shadowed")
        for word in (self.first, *words):
            self.assertIn(word, loser["reason"])
        done = self.kin("resolve", "older:/x", path=f"{self.first}:{self.second}")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_name(self):
        self.add(self.first, "older", self.manifest)
        self.add(self.second, "older", self.manifest)
        self.check("older", "older")

    def test_scheme(self):
        self.add(self.first, "older", self.manifest)
        self.add(self.second, "thief", self.changed(name="thief"))
        self.check("thief", "scheme older")

    def test_domain(self):
        self.add(self.first, "rich", self.changed(name="rich", domain="77", scheme="rich")
                 .replace("older-stream", "rich-stream"))
        self.add(self.first, "older", self.manifest)
        self.add(self.second, "thief", self.changed(name="thief", domain="77", scheme="thief")
                 .replace("older-stream", "thief-stream"))
        self.check("thief", "domain 77", "rich")

    def test_a_shared_scheme_needs_all_to_share(self):
        self.add(self.first, "older", self.manifest)
        self.add(self.second, "thief", self.changed(name="thief")
                 .replace("\nscheme older\n", "\nshared-scheme older\n")
                 .replace("older-stream", "thief-stream"))
        self.check("thief", "scheme older")

    def test_what_is_installed_comes_first(self):
        own = next(info for info in self.families(path="").values())
        text = self.changed(name=own["name"])
        self.add(self.second, own["name"], text)
        found = self.families(path=self.second)
        self.assertEqual(found[own["file"]]["state"], "listed")
        self.assertEqual(found[os.path.join(self.second, own["name"] + ".so")]["state"], "shadowed")

    def test_folders_that_are_not_there(self):
        self.add(self.first, "older", self.manifest)
        self.write("file", "no folder")
        path = f"{self.path('nowhere')}:{self.path('file')}:{self.first}"
        found = self.families(path=path)
        self.assertIn("No such file", found[self.path("nowhere")]["reason"])
        self.assertIn("Not a directory", found[self.path("file")]["reason"])
        self.assertEqual(self.kin("resolve", "older:/x", path=path).returncode, 0)


class Privileged(PluginTest):
    def test_the_environment_is_not_heeded(self):
        """A program with rights that its user has not: here it is a group."""
        self.write_family()
        command = self.path("kin")
        shutil.copy(kintest.KIN, command)
        env = {**os.environ, "KIN_PLUGIN_PATH": self.folder, "LD_SHOW_AUXV": "1"}

        def run():
            return subprocess.run([command, "families"], env=env, capture_output=True, text=True,
                                  check=True).stdout

        self.assertIn("older", run())
        if os.geteuid() == 0:
            os.chown(command, -1, 65534)
            os.chmod(command, 0o2755)
        if "AT_SECURE" in run():
            self.skipTest("here no program gets rights that its user has not")
        self.assertNotIn("older", run())


class SharedSchemes(PluginTest):
    def setUp(self):
        super().setUp()
        for file in glob.glob(os.path.join(TWINS, "*.so")) + glob.glob(os.path.join(TWINS, "*.kin")):
            shutil.copy(file, self.folder)

    def check(self, endpoint, family, *loads):
        done, loaded = self.loaded_by("resolve", endpoint)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.split()[2], family)
        self.assertEqual(loaded, {f"twin-{letter}.so" for letter in loads})

    def test_one_after_the_other(self):
        """The next plugin is loaded only where those before it decline."""
        self.check("twin:a1", "twin-a", "a")
        self.check("twin:b1", "twin-b", "a", "b")
        self.check("twin:c1", "twin-c", "a", "b", "c")
        self.check("twin-b:b1", "twin-b", "b")

    def test_all_decline(self):
        done, loaded = self.loaded_by("resolve", "twin:d1")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r'\Akin: [^\n]*"twin:d1"[^\n]*\n\Z')
        self.assertEqual(len(loaded), 3)

    def test_one_is_broken(self):
        self.write("twin-b.so", "broken")
        self.check("twin:a1", "twin-a", "a")
        self.check("twin:c1", "twin-c", "a", "c")


class Installed(PluginTest):
    """A copy of the build, laid out as installed, elsewhere."""

    def setUp(self):
        super().setUp()
        library = next(path for path in glob.glob(kintest.BUILD + "/lib*/**/libkin.so.1",
                                                  recursive=True))
        self.lib = self.path(os.path.relpath(os.path.dirname(library), kintest.BUILD))
        self.own = os.path.join(self.lib, "kin-1", "families")
        self.third = os.path.join(self.lib, "kin-1", "third-party")
        self.known = self.path("share/kin-1/known")
        for folder in (self.own, self.third, self.known):
            os.makedirs(folder)
        shutil.copy(library, os.path.join(self.lib, "libkin.so.1"))

    def kin(self, *arguments, path="", lib=None, **more):
        env = {"LD_LIBRARY_PATH": lib or self.lib, **more.pop("env", {})}
        return super().kin(*arguments, path=path, env=env, **more)

    def install(self, folder):
        self.write(os.path.join(folder, "older.kin"), self.manifest)
        self.write(os.path.join(folder, "older.so"), self.plugin)

    def test_own_folder_then_third_party_then_environment(self):
        elsewhere = self.path("elsewhere")
        os.mkdir(elsewhere)
        order = [self.own, self.third, elsewhere]
        for folder in order:
            self.install(folder)
        found = self.families(path=elsewhere)
        self.assertEqual(list(found), [os.path.join(folder, "older.so") for folder in order])
        self.assertEqual([info["state"] for info in found.values()],
                         ["listed", "shadowed", "shadowed"])

    def test_known_and_not_installed(self):
        shutil.copy(OLDER + ".kin", self.known)
        for scheme in ("older", "older-stream"):
            done = self.kin("resolve", scheme + ":/x")
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr, f'kin: "{scheme}" belongs to family older, which is not '
                             f"installed: no older.kin in {self.own}, {self.third}\n")
        self.write(os.path.join(self.known, "bad.kin"), "garbage")
        done = self.kin("resolve", "bad:/x")
        self.assertEqual(done.returncode, 2)

    def test_a_link_to_the_library(self):
        self.install(self.own)
        links = self.path("links")
        os.mkdir(links)
        os.symlink(os.path.join(self.lib, "libkin.so.1"), os.path.join(links, "libkin.so.1"))
        found = self.families(lib=links)
        self.assertEqual(list(found), [os.path.join(os.path.realpath(self.own), "older.so")])

    def test_what_it_costs(self):
        """15 families in at most 75 system calls, 4 a family."""
        def count():
            env = {**os.environ, "LD_LIBRARY_PATH": self.lib, "KIN_PLUGIN_PATH": "",
                   "ASAN_OPTIONS": "detect_leaks=0"}   # it cannot look for them under strace
            with tempfile.NamedTemporaryFile("r") as trace:
                subprocess.run(["strace", "-qq", "-o", trace.name, kintest.KIN, "families", "--json"],
                               env=env, stdout=subprocess.DEVNULL, check=True)
                lines = [line for line in trace if line[0].isalpha()]
            return sum(1 for line in lines if not line.startswith(("write(", "brk(")))

        nothing = count()
        for i in range(15):
            text = self.changed(name=f"family-{i}", scheme=f"family-{i}")
            self.write(os.path.join(self.own, f"family-{i}.kin"),
                       text.replace("older-stream", f"family-{i}-stream"))
        self.assertLessEqual(count() - nothing, 4 * 15 + 2)


class ManifestTool(PluginTest):
    TOOL = os.path.join(kintest.BUILD, "kin-manifest")

    def run_tool(self, *arguments, **more):
        return subprocess.run([self.TOOL, *arguments], capture_output=True, text=True, check=False,
                              timeout=10, **more)

    def assert_fails(self, path, *words):
        done = self.run_tool(path)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"\Akin-manifest: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, done.stderr)

    def test_it_writes_what_the_build_wrote(self):
        done = self.run_tool("older.so", cwd=os.path.dirname(OLDER))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, self.manifest)

    def test_usage(self):
        for arguments in ((), ("--help",), ("a", "b")):
            self.assertEqual(self.run_tool(*arguments).returncode, 2)

    def test_what_is_no_plugin(self):
        self.write("text.so", "text")
        self.assert_fails(self.path("text.so"), "expected an ELF file")
        self.assert_fails(self.path("nothing.so"), "nothing.so")
        self.assert_fails(self.folder, "a directory")
        self.assert_fails(os.path.join(BROKEN, "no-symbol.so"), "a symbol kin_family")
        self.assert_fails(os.path.join(BROKEN, "no-undefined.so"), "nobody_has_these")
        self.assert_fails(os.path.join(BROKEN, "no-magic.so"), "KIN_STAMP")
        self.assert_fails(os.path.join(BROKEN, "no-line.so"), "constant NO_LINE")

    def test_another_file_name(self):
        self.write("other.so", self.plugin)
        self.assert_fails(self.path("other.so"), '"other"', '"older"')

    def test_a_full_disk(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([self.TOOL, OLDER + ".so"], stdout=full, stderr=subprocess.PIPE,
                                  text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left", done.stderr)


if __name__ == "__main__":
    kintest.main()
