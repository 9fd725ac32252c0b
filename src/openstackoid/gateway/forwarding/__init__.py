"""Sends requests upstream and answers downstream."""
