"""The versions of the tables of the journal; `store` runs what is missing."""
