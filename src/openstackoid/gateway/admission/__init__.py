"""Decides which requests are let in, and who sent them."""
