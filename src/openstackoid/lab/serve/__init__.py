"""Runs the OpenStack services of a lab's cloud, one per process.

The services are unmodified releases. Set from outside are the WSGI server, SQLite's transactions,
and that all parts of nova, and of cinder, share one process, so that they need no message broker.
"""
