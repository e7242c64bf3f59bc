"""The tables of alerts. Additive only: a new column needs a default, a new table just appears."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, MetaData, String, Table, Text

METADATA = MetaData()

ALERTS = Table(
    "alerts",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("project", String(64), nullable=False, index=True),
    Column("rule", JSON, nullable=False),
    Column("signing_secret", String(128), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("checked_ms", BigInteger),
    Column("fault", Text),
)

INCIDENTS = Table(
    "incidents",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("project", String(64), nullable=False),
    Column("alert_id", String(32), nullable=False, index=True),
    # The alert and a digest of the group while it is open, else null: no group of an alert is opened twice at once,
    # however many processes watch.
    Column("open_key", String(128), unique=True),
    Column("opened_ms", BigInteger, nullable=False),
    Column("closed_ms", BigInteger, index=True),
    Column("body", JSON, nullable=False),
    Index("incidents_by_time", "project", "opened_ms"),
)

NOTICES = Table(
    "notices",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("incident_id", String(32), nullable=False, index=True),
    Column("event", String(16), nullable=False),
    Column("channel", JSON, nullable=False),
    # Of its alert, which may be deleted before the notice of that is sent.
    Column("signing_secret", String(128), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    # Null when it is delivered or given up.
    Column("due_ms", BigInteger, index=True),
    Column("tries", Integer, nullable=False, default=0),
    Column("delivered_ms", BigInteger),
    Column("fault", Text),
)
