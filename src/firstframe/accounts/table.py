"""The tables of accounts. Additive only: a new column needs a default, a new table just appears."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, MetaData, String, Table

METADATA = MetaData()

PROJECTS = Table(
    "projects",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("title", String(256), nullable=False, default=""),
    Column("allowed_origins", JSON, nullable=False, default=list),
    Column("created_ms", BigInteger, nullable=False),
)

WRITE_KEYS = Table(
    "write_keys",
    METADATA,
    Column("key", String(128), primary_key=True),
    Column("project", ForeignKey("projects.name"), nullable=False, index=True),
    Column("label", String(256), nullable=False, default=""),
    Column("allowed_origins", JSON, nullable=False, default=list),
    Column("created_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
)

TOKENS = Table(
    "tokens",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("project", ForeignKey("projects.name"), nullable=False, index=True),
    Column("label", String(256), nullable=False, default=""),
    Column("allowed_origins", JSON, nullable=False, default=list),
    Column("created_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
)

SHARES = Table(
    "shares",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("project", ForeignKey("projects.name"), nullable=False, index=True),
    Column("label", String(256), nullable=False, default=""),
    Column("scope", JSON, nullable=False, default=dict),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
    Column("revoked_ms", BigInteger),
)
