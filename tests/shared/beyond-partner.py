#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/shared/beyond-partner.py: the other end of tests/shared/test-beyond-*.c: Python's sockets.

  beyond-partner.py fastopen FAMILY PORT DATA   sends the data with its SYN, says what its kernel
                                                says of that: whether they were taken
  beyond-partner.py stream FAMILY PORT PROTOCOL connects, sends hello, prints the answer
  beyond-partner.py class FAMILY PORT CLASS     sends hello with a traffic class to the port, prints
                                                the class that the answer came with
"""
import socket
import sys

TCP_INFO_OPTIONS, TCPI_OPT_SYN_DATA = 5, 32
HOSTS = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


def open_socket(kind, protocol=0):
    family = socket.AF_INET6 if sys.argv[2] == "6" else socket.AF_INET
    end = socket.socket(family, kind, protocol)
    end.settimeout(20)
    return end, (HOSTS[family], int(sys.argv[3]))


def fastopen():
    end, peer = open_socket(socket.SOCK_STREAM)
    end.settimeout(None)   # a timeout is O_NONBLOCK in Python, and EINPROGRESS without a cookie
    end.sendto(sys.argv[4].encode(), socket.MSG_FASTOPEN, peer)
    info = end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    print("taken" if info[TCP_INFO_OPTIONS] & TCPI_OPT_SYN_DATA else "not taken")


def stream():
    end, peer = open_socket(socket.SOCK_STREAM, int(sys.argv[4]))
    end.connect(peer)
    end.sendall(b"hello")
    print(end.recv(100).decode())


def traffic_class():
    end, peer = open_socket(socket.SOCK_DGRAM)
    if end.family == socket.AF_INET6:
        level, option, tell = socket.IPPROTO_IPV6, socket.IPV6_TCLASS, socket.IPV6_RECVTCLASS
    else:
        level, option, tell = socket.IPPROTO_IP, socket.IP_TOS, 13   # IP_RECVTOS
    end.setsockopt(level, option, int(sys.argv[4]))
    end.setsockopt(level, tell, 1)
    end.sendto(b"hello", peer)
    data, controls, _, _ = end.recvmsg(100, 100)
    print(data.decode(), *[int.from_bytes(value, sys.byteorder)
                           for at, kind, value in controls if (at, kind) == (level, option)])


{"fastopen": fastopen, "stream": stream, "class": traffic_class}[sys.argv[1]]()
