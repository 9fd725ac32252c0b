"""Carries out the operations on replicated resources that concern this gateway's cloud.

One process of a gateway does it; workers hand it what users order, and what other gateways ask.
"""
