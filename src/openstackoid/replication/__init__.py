"""Replicated resources: what several clouds should have the same of, whoever was cut off meanwhile.

`desired` is the way in: it joins operations into what each cloud should have. Nothing here does
I/O or reads a clock.
"""
