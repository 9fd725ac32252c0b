"""The gateway: a program in front of one cloud's APIs that interprets scopes.

`server` puts together what answers requests, `processes` runs it in a supervisor and its workers.
"""
