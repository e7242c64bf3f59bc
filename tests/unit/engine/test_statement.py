"""A statement is read as ClickHouse's lexer reads it."""

import pytest

from firstframe.engine.fault import Fault
from firstframe.engine.statement import read


@pytest.mark.parametrize(
    ("text", "verb", "fmt", "data"),
    [
        (b"SELECT 1", b"SELECT", None, None),
        (b"select 1 format JSON;", b"SELECT", "JSON", None),
        (b"SELECT 1 FORMAT `Null`", b"SELECT", "Null", None),
        (b"SELECT 1 FORMAT CSV SETTINGS max_threads = 1", b"SELECT", "CSV", None),
        (b"SELECT format FROM (SELECT 1 AS format)", b"SELECT", None, None),
        (b"SELECT 'FORMAT JSON' -- FORMAT CSV\n", b"SELECT", None, None),
        (b"SELECT '\\' FORMAT JSON'", b"SELECT", None, None),
        (b"SELECT $x$ FORMAT JSON; $x$ FORMAT TSV", b"SELECT", "TSV", None),
        (b"/* a; */ # b;\n WITH 1 AS x SELECT x", b"WITH", None, None),
        (b"INSERT INTO t FORMAT CSV\n1,2", b"INSERT", "CSV", b"1,2"),
        (b"INSERT INTO t FORMAT CSV ;\r\n1,2", b"INSERT", "CSV", b"1,2"),
        (b"INSERT INTO t FORMAT Native\n\n\x00", b"INSERT", "Native", b"\n\x00"),
        (b"INSERT INTO t (`FORMAT`, b) VALUES (1)", b"INSERT", "Values", b" (1)"),
        (b"INSERT INTO t (a) SELECT 1 FORMAT CSV", b"INSERT", "CSV", None),
        (b"insert into t", b"INSERT", None, b""),
    ],
)
def test_a_statement_is_read(text, verb, fmt, data):
    """First word, format and where the data begins, whatever stands in strings, names and comments."""
    statement = read(text)
    assert (statement.verb, statement.format, statement.data) == (verb, fmt, data)


@pytest.mark.parametrize("text", [b"", b" \n", b"-- nothing", b"SELECT 1; SELECT 2", b"SELECT 1;; x"])
def test_one_statement_and_no_more(text):
    """None, or two, is a syntax error."""
    with pytest.raises(Fault) as caught:
        read(text)
    assert caught.value.code == 62


def test_totals_want_the_whole():
    """An answer with totals cannot be given block by block."""
    assert read(b"SELECT a, count() FROM t GROUP BY a WITH TOTALS").whole
    assert not read(b"SELECT 'TOTALS'").whole


@pytest.mark.parametrize(
    ("text", "defines"),
    [
        (b"ALTER TABLE views ADD COLUMN a Bool", True),
        (b"create table partitioned (a Int64) ENGINE = MergeTree PARTITION BY a ORDER BY a", True),
        (b"RENAME TABLE a TO b", True),
        (b"DROP TABLE views", False),
        (b"SELECT 'ALTER TABLE'", False),
    ],
)
def test_what_changes_a_definition_is_known(text, defines):
    """By its first word, whatever is written elsewhere."""
    assert read(text).defines is defines
