"""How services say and show the resources that can be replicated: one module for each kind.

Nothing here does I/O.
"""
