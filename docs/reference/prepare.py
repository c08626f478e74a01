#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""prepare.py GIR PAGES OUTPUT: copies what g-ir-scanner wrote, and the pages of a folder, to what
gi-docgen is to read.

Names become links. Comments have gtk-doc's way to name things, kin_socket_send(), #KinSocket and
%KIN_FOREVER, which reads well in C, and which the scanner and every editor know. gi-docgen wants to
be told what each is: [id@kin_socket_send], [type@Kin.Socket], [const@Kin.FOREVER]. A function or a
type that Kin has not is an error.

Members that are functions get their text: the scanner loses it.
"""
import functools
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORE = "{http://www.gtk.org/introspection/core/1.0}"
C = "{http://www.gtk.org/introspection/c/1.0}"
ElementTree.register_namespace("", CORE[1:-1])
ElementTree.register_namespace("c", C[1:-1])
ElementTree.register_namespace("glib", "http://www.gtk.org/introspection/glib/1.0")

TYPES = {CORE + word for word in ("record", "union", "enumeration", "bitfield", "callback", "alias")}
NAME = re.compile(r"(?P<code>`[^`]*`)|(?P<function>\bkin_\w+) ?\(\)|#(?P<type>Kin\w+)\b"
                  r"|%(?P<constant>[A-Z]\w+)\b|(?P<manual>\b[a-z][a-z0-9_]*\([1-8]\))")


class Links:
    def __init__(self, namespace):
        self.functions = {node.get(C + "identifier") for node in namespace.iter()}
        self.types = {node.get(C + "type"): node.get("name")
                      for node in namespace if node.tag in TYPES}
        self.constants = {node.get(C + "type"): node.get("name")
                          for node in namespace if node.tag == CORE + "constant"}
        self.unknown = set()

    def link(self, match):
        kind, word = match.lastgroup, match[match.lastgroup]
        if kind == "function" and word in self.functions:
            return f"[id@{word}]"
        if kind == "type" and word in self.types:
            return f"[type@Kin.{self.types[word]}]"
        if kind == "constant" and word in self.constants:
            return f"[const@Kin.{self.constants[word]}]"
        if kind in ("constant", "manual"):   # an enumeration's, C's; a page of the manual
            return f"`{word}`"
        if kind != "code":
            self.unknown.add(match[0])
        return match[0]

    def apply(self, text):
        return NAME.sub(self.link, text)


@functools.cache
def members_of(path, name):
    """{member: text} of the comment that describes a struct."""
    source = (ROOT / path).read_text(encoding="utf-8")
    block = re.search(rf"^ \* {name}:[^\n]*\n(.*?)^ \*\n", source, re.MULTILINE | re.DOTALL)
    if not block:
        return {}
    lines = re.sub(r"^ \* ?", "", block[1], flags=re.MULTILINE)
    found = re.findall(r"^@(\w+):((?: \([^()]*\))*:)?(.*?)(?=^@|\Z)", lines,
                       re.MULTILINE | re.DOTALL)
    return {member: " ".join(text.split()) for member, _, text in found}


def describe_functions(record):
    for field in record.iter(CORE + "field"):
        where = record.find(CORE + "source-position")
        if field.find(CORE + "callback") is None or field.find(CORE + "doc") is not None:
            continue
        path = pathlib.Path(where.get("filename"))
        text = members_of("include/kin/" + path.name, record.get(C + "type")).get(field.get("name"))
        if text:
            doc = ElementTree.Element(CORE + "doc")
            doc.text = text
            doc.set("filename", where.get("filename"))
            doc.set("line", where.get("line"))
            field.insert(0, doc)


def main():
    source, pages, output = map(pathlib.Path, sys.argv[1:])
    tree = ElementTree.parse(source)
    namespace = tree.find(CORE + "namespace")
    for record in namespace.iter(CORE + "record"):
        describe_functions(record)
    links = Links(namespace)
    for doc in namespace.iter(CORE + "doc"):
        doc.text = links.apply(doc.text)
    output.mkdir(parents=True, exist_ok=True)
    tree.write(output / source.name, encoding="utf-8", xml_declaration=True)
    for page in pages.glob("*.md"):
        (output / page.name).write_text(links.apply(page.read_text(encoding="utf-8")),
                                        encoding="utf-8")
    if links.unknown:
        sys.exit("Kin has no " + ", ".join(sorted(links.unknown)))


if __name__ == "__main__":
    main()
