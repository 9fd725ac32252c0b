"""Takes the lines of a log, as a system's logger would: python -m bench.proxies.drain SOCKET."""

import socket
import sys

if __name__ == "__main__":
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(sys.argv[1])
        buffer = bytearray(1)
        while True:
            log.recv_into(buffer)  # the kernel drops the rest
