"""Sends requests upstream and their answers downstream."""
