#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/source-rules.py: the rules that keep the sources changeable, held against the sources.

What the core knows of families, who includes what, who calls what, names, licences, lengths.
Comments are free to name what they like: code is read without them.
"""
import os
import pathlib
import re

import kintest

ROOT = pathlib.Path(os.environ.get("KIN_SOURCE", pathlib.Path(__file__).parents[1]))
FAMILIES = sorted(folder.name for folder in (ROOT / "families").glob("*") if folder.is_dir())
MAX_LINES = 500

# One pass over comments and strings: what looks like a comment inside a string is none.
TOKEN = re.compile(r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""",
                   re.DOTALL | re.VERBOSE)


def files(*patterns):
    paths = sorted(path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file())
    return [path for path in paths if not path.relative_to(ROOT).parts[0].startswith("build")]


def name_of(path):
    return str(path.relative_to(ROOT))


def without_comments(path):
    """The code, lines where they were; strings stay."""
    def blank(match):
        token = match.group()
        return token if token[0] in "\"'" else "\n" * token.count("\n") or " "
    return TOKEN.sub(blank, path.read_text(encoding="utf-8"))


def without_strings(code):
    return TOKEN.sub(lambda match: '""', code)


def found(pattern, paths, code=without_comments):
    """"file:line: text" for each match in the code of the files."""
    for path in paths:
        text = code(path)
        for match in re.finditer(pattern, text, re.MULTILINE):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{name_of(path)}:{line}: {match.group().strip()}"


def bare_code(path):
    return without_strings(without_comments(path))


class Rules(kintest.TestCase):
    maxDiff = None

    def assert_none(self, matches):
        matches = list(matches)
        if matches:
            self.fail("\n" + "\n".join(matches))

    def test_sources_are_there(self):
        """The other rules read what these patterns find."""
        for pattern in ("core/*.c", "include/kin/*.h", "families/*/*.c", "tools/*.c"):
            self.assertTrue(files(pattern), pattern)

    def test_core_and_host_name_no_family(self):
        middle = files("core/*.[ch]", "plugins/*.[ch]")
        # libc's language, getaddrinfo's, gethostbyname's, inet_pton's; and domains of which this
        # tree has no family.
        numbers = {ROOT / "core" / name
                   for name in ("resolver.c", "host-entry.c", "inet.c", "generic.c")}
        self.assert_none(found(r"\b[AP]F_(?!UNSPEC\b)[A-Z]\w*",
                               [path for path in middle if path not in numbers]))
        self.assert_none(found(r"\bstruct sockaddr_(?!storage\b)\w+|\bkin_family_[a-z]\w*", middle))
        self.assert_none(found(
            r"^\s*#\s*include\s*<(sys/un|netinet/|netpacket/|bluetooth/|linux/(?!errqueue|sockios))",
            middle))
        words = "|".join(map(re.escape, FAMILIES))
        self.assert_none(found(rf'"({words})(:[^"]*)?"', middle))

    def test_core_includes_no_host(self):
        self.assert_none(found(r'^\s*#\s*include\s*"(?!\w[\w-]*\.h")[^"]*"', files("core/*.[ch]")))
        self.assert_none(found(r"^\s*#\s*include\s*<dlfcn\.h>", files("core/*.[ch]")))

    def test_a_family_includes_its_own(self):
        for path in files("families/*/*.[ch]"):
            code = without_comments(path)
            own = path.parent.name
            public = {"kin/family.h"}
            if "KIN_FAMILY_USES_LIBKIN" in code:
                public.add("kin/kin.h")
            for name in re.findall(r"^\s*#\s*include\s*<(kin/[^>]*)>", code, re.MULTILINE):
                self.assertIn(name, public, name_of(path))
            for name in re.findall(r'^\s*#\s*include\s*"([^"]*)"', code, re.MULTILINE):
                where = (path.parent / name).resolve().parent
                allowed = {path.parent.resolve(), (ROOT / "families").resolve()}
                if own in ("inet", "inet6", "rds"):
                    allowed.add((ROOT / "families/ip").resolve())
                self.assertIn(where, allowed, f"{name_of(path)} includes {name}")

    def test_tools_and_examples_use_the_public_headers(self):
        for path in files("tools/*.[ch]", "examples/**/*.c", "bench/**/*.c"):
            for name in re.findall(r'^\s*#\s*include\s*"([^"]*)"', without_comments(path),
                                   re.MULTILINE):
                self.assertNotIn("/", name, name_of(path))
                self.assertNotEqual(name, "private.h", name_of(path))

    def test_only_core_calls_an_operation(self):
        self.assert_none(found(
            r"\bops\s*(->|\.)\s*\w+\s*\)?\s*\(",
            files("plugins/**/*.[ch]", "tools/*.[ch]", "families/**/*.[ch]", "examples/**/*.c",
                  "bench/**/*.c"),
            bare_code))

    def test_only_the_loader_calls_dlopen(self):
        product = files("core/*.[ch]", "plugins/**/*.[ch]", "tools/*.[ch]", "families/**/*.[ch]")
        self.assert_none(found(r"\bdlm?open\s*\(",
                               [path for path in product if name_of(path) != "plugins/loader.c"],
                               bare_code))

    def test_the_library_prints_nothing(self):
        library = files("core/*.[ch]", "plugins/*.[ch]", "families/**/*.[ch]")
        self.assert_none(found(
            r"\b(v?f?printf|f?puts|g_print(err)?|g_(warning|message|debug|info))\s*\(|\bperror\s*\(",
            [path for path in library if name_of(path) != "plugins/manifest-main.c"], bare_code))

    def test_messages_are_ascii(self):
        """GLib turns other characters into ? in programs that set no locale."""
        self.assert_none(found(r'"[^"\n]*[^\x00-\x7f"][^"\n]*"',
                               files("core/*.[ch]", "plugins/*.[ch]", "families/**/*.[ch]")))

    def test_public_names(self):
        for path in files("include/kin/*.h"):
            code = bare_code(path)
            for declaration in re.findall(r"^KIN_API\b([^;]*);", code, re.MULTILINE):
                name = re.search(r"(\w+)\s*(\(|$)", declaration.replace("G_GNUC_PRINTF", ""))
                self.assertRegex(name.group(1), r"^kin_[a-z]", f"{name_of(path)}:{declaration}")
            for name in re.findall(r"^\s*#\s*define\s+(\w+)", code, re.MULTILINE):
                self.assertRegex(name, r"^KIN_", name_of(path))
            for name in re.findall(r"^}\s*(\w+);|^typedef\b[^\n(]*\b(\w+);$", code, re.MULTILINE):
                self.assertRegex("".join(name), r"^Kin[A-Z]", name_of(path))

    def test_licences(self):
        mit = files("include/kin/family.h", "examples/**/*.[ch]",
                    "tests/fixtures/**/*.[ch]", "plugins/sdk/**/*.[ch]")
        everything = files("**/*.[ch]", "**/*.py", "**/CMakeLists.txt", "cmake/*", "scripts/*",
                           ".ci/run", "*.in")
        self.assertTrue(mit)
        wrong = []
        for path in everything:
            head = path.read_text(encoding="utf-8").splitlines()[:5]
            licences = re.findall(r"SPDX-License-Identifier: (\S+)", "\n".join(head))
            wanted = "MIT" if path in mit else "LGPL-2.1-or-later"
            if path.name == "CMakeLists.txt" and licences in (["MIT"], ["LGPL-2.1-or-later"]):
                continue   # of a folder whose code is MIT: a part of it, or ours to build it with
            if licences != [wanted]:
                wrong.append(f"{name_of(path)}: {licences}, not {wanted}")
        self.assert_none(wrong)

    def test_widths(self):
        """clang-format holds the rest; headers and tables are laid out by hand."""
        self.assert_none(f"{name_of(path)}:{number} has {len(line)} characters"
                         for path in files("**/*.[ch]")
                         for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
                         if len(line) > 100 and "/tests/" not in str(path))

    def test_every_stage_is_told(self):
        stages = re.findall(r"^stage_(\w+) \(\)", (ROOT / "scripts/test").read_text(encoding="utf-8"),
                            re.MULTILINE)
        page = (ROOT / "docs/testing.md").read_text(encoding="utf-8")
        self.assertTrue(stages)
        self.assert_none(f"docs/testing.md has no row for the stage {stage} of scripts/test"
                         for stage in stages if f"\n| `{stage}` |" not in page)

    def test_lengths(self):
        lines = {path: path.read_text(encoding="utf-8").count("\n")
                 for path in files("**/*.[ch]", "**/*.py")}
        self.assert_none(f"{name_of(path)} has {n} lines: split it"
                         for path, n in lines.items() if n > MAX_LINES)


if __name__ == "__main__":
    kintest.main()
