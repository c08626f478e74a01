# SPDX-License-Identifier: LGPL-2.1-or-later
"""bench/relay.py: what passing a stream on costs, by kin relay and by socat; run.py calls it.

Bytes a second depend on what else the machine does, source and sink among it: each is the best of
some runs, of more where the bar is missed. Beside it stands what depends less on that:
processor time, system calls (strace) and the program's own instructions (callgrind), the last two
from runs of different length, so that the start cancels out.
"""
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

MIB = 1 << 20
RUNS, LONG = 3, 512      # MiB
BAR = 0.5                # of socat's bytes a second by kin relay's
FEW, MANY = 8, 40        # MiB, of the runs that are counted


class Way:
    """From one address to another; how kin and socat write them."""

    def __init__(self, folder, kinds):
        self.addresses = [os.path.join(folder, f"{number}") if kind == "unix" else self.free_port()
                          for number, kind in enumerate(kinds)]
        self.kinds = kinds

    @staticmethod
    def free_port():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()

    def kin(self, number):
        address = self.addresses[number]
        return f"unix:{address}" if self.kinds[number] == "unix" else "tcp:%s:%d" % address

    def socat(self, number, verb):
        address = self.addresses[number]
        if self.kinds[number] == "unix":
            return f"UNIX-{verb}:{address}"
        return f"TCP-LISTEN:{address[1]},bind={address[0]},reuseaddr" if verb == "LISTEN" \
            else "TCP-CONNECT:%s:%d" % address

    def open(self, number):
        return socket.socket(socket.AF_UNIX if self.kinds[number] == "unix" else socket.AF_INET)

    def listen(self):
        door = self.open(1)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(self.addresses[1])
        door.listen()
        return door

    def connect(self):
        """Once somebody listens there."""
        deadline = time.monotonic() + 20
        while True:
            client = self.open(0)
            try:
                client.connect(self.addresses[0])
                return client
            except OSError:
                client.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def clear(self):
        for kind, address in zip(self.kinds, self.addresses):
            if kind == "unix" and os.path.exists(address):
                os.unlink(address)


def swallow(door, count):
    """Runs in a process of its own, as the source does: Python has one lock for all threads."""
    connection, _ = door.accept()
    buffer, got = bytearray(MIB), 0
    while n := connection.recv_into(buffer):
        got += n
    os._exit(got != count)


def run(way, command, mebibytes):
    """Passes so much on, and returns the seconds that it took."""
    door = way.listen()
    sink = os.fork()
    if sink == 0:
        swallow(door, mebibytes * MIB)
    door.close()
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    messages = []
    reader = threading.Thread(target=lambda: messages.append(process.stderr.read()))
    reader.start()
    client, block = way.connect(), bytes(MIB)
    began = time.monotonic()
    for _ in range(mebibytes):
        client.sendall(block)
    client.shutdown(socket.SHUT_WR)
    _, status = os.waitpid(sink, 0)
    took = time.monotonic() - began
    client.close()
    code = process.wait(60)
    reader.join()
    way.clear()
    if status or code:
        sys.exit(f"{' '.join(command)}: code {code}, the sink's {status}: {messages[0]}")
    return took, messages[0]


def instructions(way, command, mebibytes):
    _, text = run(way, ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
                  mebibytes)
    return int(re.findall(r"Collected : (\d+)", text)[-1])


def system_calls(way, command, mebibytes):
    with tempfile.NamedTemporaryFile("r") as trace:
        run(way, ["strace", "-f", "-qq", "-o", trace.name, *command], mebibytes)
        return sum(1 for line in trace if re.match(r"\d+ +[a-z]", line))


def processor_seconds(way, command):
    """Of the relay alone: the sink is a child, too, and has another share."""
    with tempfile.NamedTemporaryFile("r") as file:
        took, _ = run(way, ["sh", "-c", f'"$@"; code=$?; times >{file.name}; exit $code', "sh",
                            *command], LONG)
        minutes = re.findall(r"(\d+)m([\d.]+)s", file.read())[2:]   # the shell's own come first
    return took, sum(60 * int(m) + float(s) for m, s in minutes)


def per_mebibyte(count, way, command):
    return (count(way, command, MANY) - count(way, command, FEW)) / (MANY - FEW)


def measure(way, commands):
    """Of each: GB a second, processor seconds a GiB, system calls and instructions a MiB."""
    times = {label: [] for label in commands}
    for done in range(4 * RUNS):   # by turns: what else goes on is the same for both
        best = [min(took for took, _ in runs) for runs in times.values() if runs]
        if done >= RUNS and best[0] <= BAR * best[1]:
            break
        for label, command in commands.items():
            times[label].append(processor_seconds(way, command))
    return {label: (LONG * MIB / min(took for took, _ in times[label]) / 1e9,
                    min(spent for _, spent in times[label]) * 1024 / LONG,
                    per_mebibyte(system_calls, way, command),
                    per_mebibyte(instructions, way, command))
            for label, command in commands.items()}


def report(kin, has_tcp):
    """Prints the table; returns bars for run.py: (what, figure, at most)."""
    bars = []
    print(f"\n{'a stream passed on':30}{'GB/s':>8}{'CPU s/GiB':>12}{'calls/MiB':>12}"
          f"{'instructions/MiB':>18}")
    pairs = [("unix", "unix")] + [("tcp", "tcp"), ("tcp", "unix"), ("unix", "tcp")] * has_tcp
    with tempfile.TemporaryDirectory() as folder:
        for kinds in pairs:
            way = Way(folder, kinds)
            commands = {"kin relay": [kin, "relay", way.kin(0), way.kin(1)],
                        "socat": ["socat", way.socat(0, "LISTEN"), way.socat(1, "CONNECT")]}
            name, figures = f"{kinds[0]} to {kinds[1]}", measure(way, commands)
            for label, (rate, seconds, calls, count) in figures.items():
                print(f"{f'{label}, {name}':30}{rate:8.2f}{seconds:12.2f}{calls:12.1f}{count:18,.0f}")
            ours, theirs = figures["kin relay"], figures["socat"]
            bars += [(f"{name}: socat's bytes a second by kin relay's", theirs[0] / ours[0], BAR),
                     (f"{name}: kin relay's processor time by socat's", ours[1] / theirs[1], 0.5),
                     (f"{name}: kin relay's system calls by socat's", ours[2] / theirs[2], 0.1),
                     (f"{name}: kin relay's instructions by socat's", ours[3] / theirs[3], 0.1)]
    return bars
