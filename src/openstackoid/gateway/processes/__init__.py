"""Runs a gateway's supervisor and workers, and passes sockets between them."""
