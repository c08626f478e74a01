# SPDX-License-Identifier: LGPL-2.1-or-later
"""cpython.py: ping-pong by Python's socket module; its arguments are those of pingpong.h's programs."""
import os
import socket
import subprocess
import sys

DATA, SIZE = b"\0" * 64, 4096


def open_pair(transport):
    """The far end of two UDP sockets is connected, the near one is not."""
    if transport == "unix":
        return socket.socketpair()
    if transport == "udp":
        near, far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for end in near, far:
            end.bind(("127.0.0.1", 0))
        far.connect(near.getsockname())
        return near, far
    with socket.create_server(("127.0.0.1", 0)) as door:
        near = socket.create_connection(door.getsockname())
        far, _ = door.accept()
    for end in near, far:
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return near, far


def exchange(sender, receiver, count):
    send, recv = sender.send, receiver.recv
    for _ in range(count):
        send(DATA)
        recv(SIZE)


def exchange_addressed(sender, receiver, count, to):
    sendto, recvfrom = sender.sendto, receiver.recvfrom
    for _ in range(count):
        sendto(DATA, to)
        recvfrom(SIZE)


def find_nothing(receiver, count):
    recv = receiver.recv
    for _ in range(count):
        try:
            recv(SIZE)
        except BlockingIOError:
            continue
        sys.exit("something was there")


def run_case(echo, transport, situation, timeout, count):
    near, far = open_pair(transport)
    for end in near, far:
        end.settimeout(None if timeout < 0 else timeout)
    if situation == "nothing":
        find_nothing(near, count)
        return
    child, receiver = None, far
    if situation == "waiting":
        receiver, number = near, far.fileno()
        child = subprocess.Popen([echo, str(number)], pass_fds=[number])
    if transport == "udp":
        exchange_addressed(near, receiver, count, far.getsockname())
    else:
        exchange(near, receiver, count)
    if child:
        child.kill()
        child.wait()


def main():
    for argument in sys.argv[2:]:
        transport, situation, timeout, count = argument.split(":")
        child = os.fork()
        if child == 0:
            run_case(sys.argv[1], transport, situation, int(timeout), int(count))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(argument)


main()
