"""A worker that only plays one: each connection gets its process id, and keeps what it gets.

python player.py FILE PORT HOW, where HOW may let it fail at the beginning, or, as a number, begin
after that process has ended.
"""

import os
import selectors
import signal
import socket
import sys
import time
from pathlib import Path

from openstackoid.gateway.handover import Supervised


def main() -> None:
    file, port, how = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    shared = Supervised(socket.socket(fileno=file))
    if how == "fails":
        shared.failed("the file is bad")
        sys.exit(1)
    if how == "rambles":
        shared.failed("\N{GRINNING FACE}" * 100_000)
        sys.exit(1)
    if how == "crashes":
        raise RuntimeError("secret-" + "g" * 180)
    if how == "floods":
        for _ in range(100):
            sys.stderr.write("word " * 100_000 + "\nword" * 100)
        sys.exit(3)
    if how == "leaves":
        shared.ready()
        sys.exit(3)
    if how.isdecimal():
        while Path("/proc", how).exists():
            time.sleep(0.01)
    if how == "dies":
        sys.exit(3)
    if how == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        shared.ready()
        time.sleep(600)
    if how == "hangs":
        time.sleep(600)
    (listener,) = shared.listen("127.0.0.1", port)
    ended = []
    wakes, waker = socket.socketpair()
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    for number in (signal.SIGHUP, signal.SIGUSR2, signal.SIGTERM):
        signal.signal(number, lambda got, _: ended.append(got))
    with selectors.DefaultSelector() as selector:
        for one in (listener, wakes, shared.channel):
            selector.register(one, selectors.EVENT_READ)
        shared.ready()
        while not {signal.SIGTERM, signal.SIGUSR2} & set(ended):
            for key, _ in selector.select():
                if key.fileobj is wakes:
                    wakes.recv(100)
                elif key.fileobj is shared.channel and shared.alone():
                    sys.exit(1)
                elif key.fileobj is listener:
                    answer(listener, [signal.Signals(one).name for one in ended])


def answer(listener: socket.socket, signals: list[str]) -> None:
    try:
        connection, _ = listener.accept()
    except BlockingIOError:  # another one has it
        return
    with connection:
        connection.sendall(" ".join([str(os.getpid()), *signals]).encode())


main()
