"""Carries an admitted request out: in one cloud, or in several."""
