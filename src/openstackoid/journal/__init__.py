"""The journal of a gateway: what it is about to write in several clouds, and what became of it.

See docs/reference/journal.md.
"""
