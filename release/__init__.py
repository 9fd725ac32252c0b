"""Releases a version: changelog, artefacts, tag. `scripts/release` runs it."""
