"""The tables of the journal; `migrations` makes them, and what has to be changed in older ones."""

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, MetaData, String, Table

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

operations = Table(
    "operations",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("incarnation", Integer, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
"""The operations on replicated resources, as they got known; `entry` is an encrypted parcel.

`incarnation` is the start of the gateway in which that was.
"""

copies = Table(
    "copies",
    metadata,
    Column("resource", String, primary_key=True),
    Column("entry", LargeBinary, nullable=False),
)
"""What is known of the copy of each replicated resource here, encrypted."""

lives = Table("lives", metadata, Column("life", Integer, primary_key=True))
"""One row: the start of the gateway since which the journal has surely lost nothing."""
