"""One `openstack` command in several clouds: `&` and `|` for the command's own service.

`shell` decides whether a command is one for several clouds, `evaluate` runs it, in a `branch` for
each cloud, and `merge` makes one result of theirs, which cliff formats as it would any other.
"""
