#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/shared/unix-partner.py ROLE [NAME]: the far end of test-unix, which knows nothing of Kin.

It connects to the abstract name NAME, sequenced packets, and plays the role. What goes wrong ends
it with a traceback and exit code 1, which the test sees.
"""
import array
import os
import socket
import struct
import sys

UCRED = struct.Struct("iII")


def connect(name):
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    peer.settimeout(20)
    peer.connect("\0" + name)
    return peer


def names(peer):
    """Says what it sees as the two names of the connection."""
    peer.send(f"{peer.getsockname()!r} {peer.getpeername()!r}".encode())


def credentials(peer):
    """Says who it is, sends that as a control message, and says whom it sees at the other end."""
    me = (os.getpid(), os.getuid(), os.getgid())
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    peer.send(repr(me).encode())
    peer.sendmsg([b"typed"], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, UCRED.pack(*me))])
    seen = UCRED.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, UCRED.size))
    peer.send(repr(seen).encode())
    data, controls, _, _ = peer.recvmsg(100, 100)
    assert data == b"from kin", data
    (level, kind, packed), = controls
    assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS), controls
    peer.send(repr(UCRED.unpack(packed)).encode())


def descriptors(peer):
    """Writes into what it is given, gives three pipes to read from, then three at once to spare."""
    data, fds, _, _ = socket.recv_fds(peer, 100, 10)
    assert data == b"two pipes" and len(fds) == 2, (data, fds)
    for i, fd in enumerate(fds):
        os.write(fd, b"python wrote %d" % i)
        os.close(fd)
    for _ in range(2):
        ends = []
        for i in range(3):
            reader, writer = os.pipe()
            os.write(writer, b"python gave %d" % i)
            os.close(writer)
            ends.append(reader)
        socket.send_fds(peer, [b"three"], ends)
        for fd in ends:
            os.close(fd)
    # Two messages of one kind: the kernel may make one of them.
    fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(2)]
    peer.sendmsg([b"apart"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))
                              for fd in fds])


def groups(peer):
    """In groups of its own, where it may: the kernel keeps those that connect(2) was called with."""
    peer.close()
    if os.getuid() == 0:
        os.setgroups([4321, 8765])
    peer = connect(sys.argv[2])
    peer.send(repr([(group,) for group in os.getgroups()]).encode())
    peer.recv(1)


def wait(peer):
    """Does nothing until the other end closes."""
    peer.send(str(os.getpid()).encode())
    peer.recv(1)


def constants():
    """What Python calls AF_UNIX's."""
    for name in dir(socket):
        if name.startswith(("SCM_", "SO_PASS", "SO_PEER")) and "J1939" not in name or name == "AF_UNIX":
            print(name, int(getattr(socket, name)))


if sys.argv[1] == "constants":
    constants()
else:
    globals()[sys.argv[1]](connect(sys.argv[2]))
