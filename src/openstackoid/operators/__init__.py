"""The operators: one request in several clouds, and one answer of the same kind.

`apply` is the way in; the gateway and the client share `rules`. What the operators mean is said in
docs/reference/operators.md.
"""
