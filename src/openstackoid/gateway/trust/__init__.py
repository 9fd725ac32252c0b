"""Decides whose tokens of other clouds are taken, and as whom."""
