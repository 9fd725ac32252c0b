"""Carries out an admitted request in one cloud or in several."""
