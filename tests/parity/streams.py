#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/parity/streams.py ROLE ENDPOINT [ARGUMENT]: Python's socket module, which knows nothing of
Kin, at the far end of a connection.

It connects to ENDPOINT (unix:@NAME, tcp4:HOST:PORT) and plays the role. What goes wrong ends it with
a traceback and exit code 1, which the test sees.
"""
import array
import fcntl
import hashlib
import os
import socket
import sys


def connect(endpoint):
    scheme, _, rest = endpoint.partition(":")
    if scheme.startswith("unix"):
        kind = socket.SOCK_SEQPACKET if "seqpacket" in scheme else socket.SOCK_STREAM
        peer, address = socket.socket(socket.AF_UNIX, kind), "\0" + rest[1:]
    else:
        host, port = rest.rsplit(":", 1)
        peer, address = socket.socket(), (host, int(port))
    peer.settimeout(20)
    peer.connect(address)
    return peer


def digest(peer, _):
    """Receives to the end, and says how much that was and what."""
    data = b""
    while more := peer.recv(1 << 20):
        data += more
    peer.sendall(f"{len(data)} {hashlib.sha256(data).hexdigest()}".encode())


def leave(peer, count):
    """Goes away after so many bytes."""
    left = int(count)
    while left > 0:
        left -= len(peer.recv(min(left, 1 << 16)))


def is_cloexec(fd):
    return bool(fcntl.fcntl(fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC)


def take_fds(peer, _):
    """Two descriptors come with "two"; writes into each."""
    data, fds, flags, _ = socket.recv_fds(peer, 100, 10)
    assert (data, len(fds), flags & socket.MSG_CTRUNC) == (b"two", 2, 0), (data, fds, flags)
    for i, fd in enumerate(fds):
        os.write(fd, b"python wrote %d" % i)
        os.close(fd)


def give_fds(peer, counts):
    """Messages with so many descriptors each, pipes' ends from which their number is read."""
    number = 0
    for count in counts.split(","):
        ends = []
        for _ in range(int(count)):
            reader, writer = os.pipe()
            os.write(writer, b"%d" % number)
            os.close(writer)
            ends.append(reader)
            number += 1
        socket.send_fds(peer, [b"m", b"essage"], ends)
        for fd in ends:
            os.close(fd)


def scattered(peer, _):
    """The example of Python's documentation, read as it reads it."""
    b1, b2, b3 = bytearray(b"----"), bytearray(b"0123456789"), bytearray(b"--------------")
    into = peer.recvmsg_into([b1, memoryview(b2)[2:9], b3])
    assert into[:1] + into[1:2] == (22, []), into
    peer.send(bytes(b1 + b2 + b3))


def items(peer, _):
    """Says what control messages came with one message: level, type and length of each."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    peer.send(b"ready")
    data, controls, flags, _ = peer.recvmsg(100, 1000)
    assert data == b"items" and not flags & socket.MSG_CTRUNC, (data, flags)
    for level, kind, packed in controls:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            for fd in array.array("i", packed):
                os.close(fd)
    peer.send(repr([(level, kind, len(packed)) for level, kind, packed in controls]).encode())


def lines(peer, _):
    """Answers each line, as Python's file object reads it, with what it is; then sends the rest."""
    with peer.makefile("rwb") as file:
        while (line := file.readline()) not in (b"", b"\r\n"):
            file.write(repr(line).encode() + b"\r\n")
            file.flush()
        file.write(b"empty:\n\nnul: \0\nbare \r in it\r\n12345last")


def text(peer, _):
    """The same in text, and universal newlines, as makefile("r") reads it."""
    with peer.makefile("rw", encoding="utf-8") as file:
        file.write(repr(file.readlines()))


if __name__ == "__main__":
    role, endpoint, argument = (sys.argv + [None])[1:4]
    globals()[role](connect(endpoint), argument)
