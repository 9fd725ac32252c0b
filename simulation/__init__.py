"""Plays gateways with bad services, bad links and bad luck: all copies have to end the same.

A seed makes a schedule: what users order, which links are cut, who is killed and whose journal is
restored, when services answer and how wrongly. In the end everything is healed, and the judge looks
at what the services have and have done. Only the core of `openstackoid.replication` is real.
"""
