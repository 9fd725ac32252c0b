"""The tables of the journal; `migrations` makes them, and what has to be changed in older ones."""

from sqlalchemy import Column, Float, Index, LargeBinary, MetaData, String, Table

metadata = MetaData()

keys = Table("keys", metadata, Column("wrapped", LargeBinary, primary_key=True))
"""One row: the key that encrypts entries, itself encrypted with a key of the gateway."""

intents = Table(
    "intents",
    metadata,
    Column("id", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("changed", Float, nullable=False),
    Column("look_at", Float),
    Column("entry", LargeBinary, nullable=False),
    Index("intents_by_state", "state", "changed"),
)
"""A write each. `entry` is the encrypted intent; `changed` and `look_at` are seconds since 1970."""
