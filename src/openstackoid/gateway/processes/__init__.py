"""Runs the processes of a gateway and hands their sockets over."""
