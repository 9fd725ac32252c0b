"""Admits or refuses requests: checks their heads, limits and signatures, and who sent them."""
