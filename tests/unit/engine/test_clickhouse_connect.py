"""ClickHouse's own client for Python works with the embedded engine as with any server."""

import asyncio
from datetime import UTC, datetime

import clickhouse_connect
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, Error

import support_engine

COMPRESSIONS = [False, "lz4", "zstd", "gzip"]
ROWS = [
    (1, "a", 1.5, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), ["x"], {"k": "v"}, None),
    (2, "ü\t'", -0.0, datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC), [], {}, "n"),
]
COLUMNS = ("id", "text", "number", "at", "list", "map", "none")
CREATE = """
CREATE TABLE {name} (id UInt64, text LowCardinality(String), number Float64, at DateTime64(3, 'UTC'),
    list Array(String), map Map(String, String), none Nullable(String)) ENGINE = MergeTree ORDER BY id
"""


def _arguments(engine, **more):
    return {
        "host": "127.0.0.1",
        "port": engine.target.port,
        "username": "default",
        "password": support_engine.WRITE_PASSWORD,
        "database": engine.target.database,
        **more,
    }


@pytest.fixture(params=COMPRESSIONS, ids=str)
def client(request, shared):
    """A client with one of its compressions, and with the session that it makes by default."""
    with clickhouse_connect.get_client(**_arguments(shared, compress=request.param)) as made:
        yield made


@pytest.fixture
def table(client):
    """A table of its own."""
    client.command("DROP TABLE IF EXISTS connect")
    client.command(CREATE.format(name="connect"))
    yield "connect"
    client.command("DROP TABLE connect")


def test_what_is_inserted_is_selected(client, table):
    """Native both ways, with every kind of column that the product uses."""
    summary = client.insert(table, ROWS, column_names=COLUMNS)
    assert summary.written_rows == 2
    answer = client.query(f"SELECT * FROM {table} ORDER BY id", tz_mode="aware")
    assert answer.column_names == COLUMNS
    assert [tuple(row) for row in answer.result_rows] == ROWS
    assert answer.summary["result_rows"] == "2"


def test_text_formats_are_inserted(client, table):
    """JSONEachRow as text, as bytes and in pieces."""
    pieces = (b'{"id": %d, "text": "p"}\n' % number for number in range(2000))
    client.raw_insert(table, insert_block='{"id": 1}\n{"id": 2}\n', fmt="JSONEachRow")
    client.raw_insert(table, column_names=["id", "text"], insert_block=b"3,x\n", fmt="CSV")
    client.raw_insert(table, insert_block=pieces, fmt="JSONEachRow")
    assert client.query(f"SELECT count() FROM {table}").result_rows == [(2003,)]


def test_parameters_and_settings(client):
    """Bound by the server, long ones as a form."""
    answer = client.query(
        "SELECT {a:String}, {b:Array(Int64)}, {c:DateTime('UTC')}",
        {"a": "it's\n", "b": [1, -2], "c": ROWS[0][3]},
        tz_mode="aware",
    )
    assert list(answer.result_rows[0]) == ["it's\n", [1, -2], ROWS[0][3]]
    many = [f"key-{number}" for number in range(20_000)]
    assert client.query("SELECT length({k:Array(String)})", {"k": many}).result_rows == [(20_000,)]
    sql = "SELECT getSetting('max_block_size')"
    assert client.query(sql, settings={"max_block_size": 99}).result_rows == [(99,)]


def test_a_stream_is_read_to_its_end(client):
    """Blocks come one after the other, and the client may go before the last."""
    with client.query_row_block_stream("SELECT number FROM numbers(500000)") as stream:
        assert sum(len(block) for block in stream) == 500_000
    with client.query_row_block_stream("SELECT number FROM numbers(50000000)") as stream:
        assert len(next(stream)) > 0
    assert client.command("SELECT 1") == 1


def test_no_rows_and_no_columns(client):
    """LIMIT 0 tells the columns; an answer may be empty."""
    answer = client.query("SELECT 1 AS a, 'x' AS b LIMIT 0")
    assert answer.column_names == ("a", "b")
    assert client.query("SELECT 1 AS a WHERE 0").result_rows == []


def test_errors_have_codes(client, table):
    """What the engine refuses, and what the client cannot send."""
    with pytest.raises(DatabaseError) as caught:
        client.query("SELECT * FROM nowhere")
    assert (caught.value.code, caught.value.name) == (60, "UNKNOWN_TABLE")
    with pytest.raises(DatabaseError) as caught:
        client.raw_insert(table, insert_block=b'{"id": "x"}', fmt="JSONEachRow")
    assert caught.value.code == 27
    with pytest.raises(Exception, match=r"(?i)id|int|integer"):
        client.insert(table, [["x"]], column_names=["id"])
    assert client.query(f"SELECT count() FROM {table}").result_rows == [(0,)]


def test_an_error_amid_an_answer_is_raised(client):
    """A part of an answer is never taken for the whole."""
    sql = "SELECT throwIf(number = 2900000) AS n, randomPrintableASCII(10) FROM numbers(3000000)"
    with pytest.raises(Error, match=r"395|throwIf"), client.query_row_block_stream(sql) as stream:
        for _ in stream:
            pass
    assert client.command("SELECT 1") == 1


def test_a_session_holds_a_temporary_table(client):
    """The client's own session is one connection of the engine."""
    client.command("CREATE TEMPORARY TABLE held (a UInt8)")
    client.insert("held", [[1], [2]], column_names=["a"], column_type_names=["UInt8"])
    assert client.query("SELECT sum(a) FROM held").result_rows == [(3,)]


def test_arrow_and_pandas(client):
    """The formats that data people read."""
    assert client.query_arrow("SELECT number AS n FROM numbers(200000)").num_rows == 200_000
    assert client.query_df("SELECT number AS n FROM numbers(5)")["n"].tolist() == [0, 1, 2, 3, 4]


def test_the_reader_connects(shared):
    """What the client sends of itself when it connects does not stop the read-only user."""
    reader = _arguments(shared, username="reader", password=support_engine.READ_PASSWORD)
    with clickhouse_connect.get_client(**reader) as client:
        assert client.query("SELECT count() FROM views").result_rows == [(0,)]
        assert client.query("SELECT {n:UInt8}", {"n": 5}).result_rows == [(5,)]
        assert client.query_arrow("SELECT 1 AS a").num_rows == 1
        with pytest.raises(DatabaseError) as caught:
            client.insert("rejects", [["x"]], column_names=["project"], column_type_names=["String"])
        assert caught.value.code == 164


@pytest.mark.parametrize("compress", COMPRESSIONS, ids=str)
def test_the_async_client(shared, compress):
    """Insert, select, parameters, several at once, and an error, over asyncio."""
    pytest.importorskip("aiohttp")

    async def talk():
        made = await clickhouse_connect.get_async_client(
            **_arguments(shared, compress=compress, autogenerate_session_id=False)
        )
        async with made as client:
            await client.command("DROP TABLE IF EXISTS connect_async")
            await client.command(CREATE.format(name="connect_async"))
            await client.insert("connect_async", ROWS, column_names=COLUMNS)
            answers = await asyncio.gather(*(client.query("SELECT {n:UInt8}", {"n": n}) for n in range(20)))
            with pytest.raises(DatabaseError) as caught:
                await client.query("SELECT * FROM nowhere")
            rows = (
                await client.query("SELECT * FROM connect_async ORDER BY id", tz_mode="aware")
            ).result_rows
            await client.command("DROP TABLE connect_async")
            return (
                [answer.result_rows[0][0] for answer in answers],
                caught.value.code,
                [tuple(row) for row in rows],
            )

    assert asyncio.run(talk()) == (list(range(20)), 60, ROWS)
