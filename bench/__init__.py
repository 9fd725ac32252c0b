"""Measurements of the gateway: figures as ratios, because machines differ."""
