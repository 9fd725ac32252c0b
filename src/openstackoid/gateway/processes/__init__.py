"""Runs a gateway's supervisor and its workers."""
