#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/plugins.py: what becomes of the files in a plugin folder.

Needs: plugins
"""
import glob
import json
import os
import shutil
import struct
import tempfile

import kintest

OLDER = os.path.join(kintest.FIXTURES, "older", "older")
BROKEN = os.path.join(kintest.FIXTURES, "broken")
MAGIC = struct.pack("=I", 0x004E494B)


def read(path):
    with open(path, "rb") as file:
        return file.read()


class PluginTest(kintest.TestCase):
    """self.folder is KIN_PLUGIN_PATH; self.manifest and self.plugin are the good family "older"."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.manifest = read(OLDER + ".kin").decode()
        self.plugin = read(OLDER + ".so")

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)

    def write_family(self, name="older", manifest=None, plugin=None):
        self.write(name + ".kin", self.manifest if manifest is None else manifest)
        self.write(name + ".so", self.plugin if plugin is None else plugin)

    def changed(self, **lines):
        """The manifest with another value behind each key; None: without the line."""
        text = self.manifest
        for key, value in lines.items():
            key = key.replace("_", "-")
            old = next(line for line in text.splitlines() if line.startswith(key + " "))
            text = text.replace(old + "\n", "" if value is None else f"{key} {value}\n", 1)
        return text

    def kin(self, *arguments, path=None, **more):
        env = {**os.environ, **more.pop("env", {}),
               "KIN_PLUGIN_PATH": self.folder if path is None else path}
        return kintest.kin(*arguments, env=env, **more)

    def families(self, **more):
        """Every entry of `kin families`, by its file."""
        done = self.kin("families", "--json", **more)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return {info["file"]: info for info in json.loads(done.stdout)}

    def loaded_by(self, *arguments, **more):
        """The files of our folder that the dynamic linker took in, by its own account."""
        with tempfile.TemporaryDirectory() as logs:
            done = self.kin(*arguments, env={"LD_DEBUG": "files",
                                             "LD_DEBUG_OUTPUT": os.path.join(logs, "log")}, **more)
            text = b"".join(map(read, glob.glob(os.path.join(logs, "*")))).decode(errors="replace")
        self.assertIn("libglib-2.0", text)
        return done, {os.path.basename(path) for path in glob.glob(self.path("*.so"))
                      if f"{path} [" in text}

    def assert_refused(self, name, *words, loads=(), code=1):
        """The family is used: one clean line with the words, exit code 1, nothing loaded."""
        done, loaded = self.loaded_by("resolve", name + ":/x", timeout=10)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"\Akin: [^\n]+\n\Z")
        self.assertTrue(done.stderr[:-1].isprintable(), done.stderr)
        for word in (self.folder, *words):
            self.assertIn(word, done.stderr)
        self.assertEqual(loaded, set(loads), done.stderr)

    def assert_listed_as_refused(self, name, *words):
        info = self.families()[self.path(name)]
        self.assertEqual(info["state"], "refused")
        self.assertTrue(info["reason"].isprintable(), info["reason"])
        for word in (self.folder, *words):
            self.assertIn(word, info["reason"])
        return info


class Good(PluginTest):
    def test_it_works(self):
        self.write_family()
        done, loaded = self.loaded_by("resolve", "older:/x")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.split(), ["older:/x", "'/x'", "older"])
        self.assertEqual(loaded, {"older.so"})

    def test_a_relative_folder_and_empty_ones(self):
        self.write_family()
        done = self.kin("resolve", "older:/x", path=":here::", cwd=self.make_link("here"))
        self.assertEqual(done.returncode, 0, done.stderr)

    def make_link(self, name):
        parent = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, parent)
        os.symlink(self.folder, os.path.join(parent, name))
        return parent

    def test_a_linked_plugin(self):
        self.write_family("real")
        os.rename(self.path("real.kin"), self.path("older.kin"))
        os.symlink("real.so", self.path("older.so"))
        self.assertEqual(self.kin("resolve", "older:/x").returncode, 0)

    def test_a_line_of_a_later_libkin(self):
        self.write_family(manifest=self.manifest.replace("\nscheme ", "\nlater and more\nscheme ", 1))
        self.assertEqual(self.kin("resolve", "older:/x").returncode, 0)


class BadManifests(PluginTest):
    """Each beside a good family, which must not suffer."""

    def setUp(self):
        super().setUp()
        self.write_family()
        self.write("bad.so", self.plugin)

    def check(self, *words, code=1):
        self.assert_listed_as_refused("bad.so", "bad.kin", *words)
        self.assert_refused("bad", "bad.kin", *words, code=code)
        self.assertEqual(self.kin("resolve", "older:/x").returncode, 0)

    def test_garbage(self):
        for garbage in (b"", b"\n", b"\0" * 100, bytes(range(256)) * 100, self.plugin[:60000],
                        b"\033]0;owned\007\n", "kin-manifest 1", "kin-manifest 2\nend\n",
                        "kin-manifest 1\n" + "x" * 60000 + "\nend\n"):
            with self.subTest(garbage[:30]):
                self.write("bad.kin", garbage)
                self.check("expected")

    def test_a_nul(self):
        self.write("bad.kin", self.changed(name="bad").replace("AGES_FIRST", "AGES\0FIRST"))
        self.check("NUL")

    def test_a_gigabyte(self):
        self.write("bad.kin", self.changed(name="bad"))
        os.truncate(self.path("bad.kin"), 1 << 30)
        self.check("at most 65536", "1073741824")

    def test_another_name(self):
        self.write("bad.kin", self.manifest)
        self.check('expected that of the file, "bad", found "older"')

    def test_a_name_with_a_path(self):
        for name in ("../../x", "/etc/passwd", "..", ".", "x/y", "BAD", "bad.so", "b\x1b[1mad"):
            with self.subTest(name):
                self.write("bad.kin", self.changed(name=name))
                self.check("name: expected")

    def test_a_file_name_that_is_no_name(self):
        for stem in ("..bad", "BAD", "a b", "\033[1m", "x" * 24, ""):
            with self.subTest(stem):
                self.write(stem + ".kin", self.changed(name=stem))
                info = self.assert_listed_as_refused(stem + ".so", "expected")
                self.assertRegex(info["name"], r"\A[a-z0-9-]{0,23}\Z")
                os.unlink(self.path(stem + ".kin"))

    def test_no_regular_file(self):
        path = self.path("bad.kin")
        os.mkfifo(path)
        self.check("a FIFO")
        os.unlink(path)
        os.symlink("nowhere", path)
        self.check("No such file")
        os.unlink(path)
        os.symlink("/dev/zero", path)
        self.check("a device")
        os.unlink(path)
        os.mkdir(path)
        self.check("a directory")

    def test_unreadable(self):
        os.symlink("bad.kin", self.path("bad.kin"))
        self.check("cannot be opened", "symbolic links")

    def test_another_machine(self):
        for machine in ("64 little 1", "32 big 2", "\x7f"):
            with self.subTest(machine):
                self.write("bad.kin", self.changed(name="bad", machine=machine))
                self.check("expected machine")

    def test_another_major(self):
        self.write("bad.kin", self.changed(name="bad", abi="2.0"))
        self.check("major 1", "major 2")


class BadPlugins(PluginTest):
    def test_missing(self):
        self.write("older.kin", self.manifest)
        self.assert_refused("older", "older.so is not there")
        os.symlink("nowhere", self.path("older.so"))
        self.assert_refused("older", "older.so is not there")

    def test_truncated(self):
        size = len(self.plugin)
        for length in (0, 1, 4, 16, 63, 64, 65, 500, 4095, 4096, 4097, size // 2, size - 64, size - 1):
            with self.subTest(length):
                self.write_family(plugin=self.plugin[:length])
                self.assert_refused("older", "older.so is refused", "expected")

    def test_not_elf(self):
        for content in (b"#!/bin/sh\nexit 1\n" * 100, b"\x7fELG" + self.plugin[4:], bytes(99999)):
            with self.subTest(content[:8]):
                self.write_family(plugin=content)
                self.assert_refused("older", "expected an ELF file")

    def test_another_machine(self):
        for offset in (4, 5, 18):   # class, byte order, e_machine
            with self.subTest(offset):
                other = bytearray(self.plugin)
                other[offset] ^= 3
                self.write_family(plugin=other)
                self.assert_refused("older", "expected machine")

    def test_no_regular_file(self):
        self.write("older.kin", self.manifest)
        path = self.path("older.so")
        os.mkfifo(path)
        self.assert_refused("older", "a FIFO")
        os.unlink(path)
        os.mkdir(path)
        self.assert_refused("older", "a directory")
        os.rmdir(path)
        os.symlink("/dev/zero", path)
        self.assert_refused("older", "a device")

    def test_too_large(self):
        self.write_family()
        os.truncate(self.path("older.so"), 1 << 30)
        self.assert_refused("older", "at most 67108864", "1073741824")

    def test_unreadable(self):
        self.write("older.kin", self.manifest)
        os.symlink("older.so", self.path("older.so"))
        self.assert_refused("older", "cannot be opened", "symbolic links")

    def test_no_plugins(self):
        """What only the dynamic linker, or a look at the symbol, can tell."""
        for name, words in (("no-symbol", "a symbol kin_family"),
                            ("no-undefined", "nobody_has_these"),
                            ("no-magic", "does not start with KIN_STAMP")):
            with self.subTest(name):
                lines = self.changed(name=name).replace("scheme older\n", f"scheme {name}\n")
                self.write_family(name, lines, read(os.path.join(BROKEN, name + ".so")))
                self.assert_refused(name, words, loads={name + ".so"})
                os.unlink(self.path(name + ".kin"))

    def test_another_major(self):
        """The manifest says that it is of ours."""
        at = self.plugin.index(MAGIC) + 8
        other = self.plugin[:at] + struct.pack("=H", 2) + self.plugin[at + 2:]
        self.write_family(plugin=other)
        self.assert_refused("older", "major 2", "major 1", loads={"older.so"})


class Lies(PluginTest):
    def check(self, manifest, *words, scheme="older"):
        self.write_family(manifest=manifest)
        self.assert_refused(scheme, "disagrees with its manifest", *words, loads={"older.so"})

    def test_each_header(self):
        for key, lie in (("summary", "lies"), ("abi", "1.9"), ("domain", "77"),
                         ("domain", "dynamic over 2"), ("flags", "2"), ("scheme", "other")):
            with self.subTest(key):
                self.check(self.changed(**{key: lie}), f'expected "{key} {lie}"',
                           f'found "{key} ', scheme="other" if key == "scheme" else "older")

    def test_the_name(self):
        self.write_family("other", self.changed(name="other"))
        self.assert_refused("older", 'expected "name other", found "name older"', loads={"other.so"})

    def test_schemes(self):
        self.check(self.manifest.replace("\nscheme older\n", "\nshared-scheme older\n"),
                   'expected "shared-scheme older", found "scheme older"')
        self.check(self.manifest.replace("\nscheme older-stream\n", "\n"),
                   'found "scheme older-stream"')
        self.check(self.manifest.replace("\nconstants", "\nscheme more\nconstants"),
                   'expected "scheme more"')

    def test_constants(self):
        self.check(self.manifest.replace("FIRST 1", "FIRST 2"), "AGES_FIRST 2", "AGES_FIRST 1")
        self.check(self.manifest.replace("AGES_FIRST 1\n", ""), "AGES_FIRST 1")
        self.check(self.manifest.replace("\nend", "\nMORE 1\nend"), "MORE 1")
        self.check(self.manifest.replace("=of its", "=of his"), "=of his", "=of its")


if __name__ == "__main__":
    kintest.main()
