"""What runs inside the processes of a lab's cloud: one OpenStack service per process.

The services are the unmodified releases. What is set from outside: the WSGI server, SQLite's
transactions, and nova's and cinder's own parts in one process, which then need no broker.
"""
