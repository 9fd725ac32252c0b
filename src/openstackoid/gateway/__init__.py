"""The gateway: the processes in front of one cloud's APIs, which interpret scopes.

`server` has what answers requests, `supervisor` the process that keeps it running.
"""
