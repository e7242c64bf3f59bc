"""The client that the other parts use."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

import support_engine
from firstframe.engine.client import AsyncEngine, Engine, target_of
from firstframe.errors import ConfigError, EngineError


def test_a_url_is_taken_apart():
    """User, password, host, port, database and settings come from the URL, unescaped."""
    target = target_of("clickhouses://some%40one:p%2Fw@db.example:9443/views?max_threads=2")
    assert (target.user, target.password, target.host, target.port) == ("some@one", "p/w", "db.example", 9443)
    assert (target.database, target.secure, target.settings) == ("views", True, {"max_threads": "2"})


@pytest.mark.parametrize("url", ["http://127.0.0.1:8123", "clickhouse://", "nothing", ""])
def test_a_url_that_is_none_is_a_mistake_in_the_settings(url):
    """It is said what is wanted, before anything is sent."""
    with pytest.raises(ConfigError, match="clickhouse://user:password@host:port/database"):
        Engine.connect(url)


def test_parameters_are_bound_by_the_server(engine):
    """No value can become a part of the statement."""
    evil = "x'; DROP TABLE views; -- \\ \t\n"
    answer = engine.query(
        "SELECT {text:String} AS text, {list:Array(String)} AS list, {none:Nullable(String)} AS none",
        {"text": evil, "list": [evil, "b"], "none": None},
    )
    assert answer.columns == ("text", "list", "none")
    assert list(answer.rows[0]) == [evil, [evil, "b"], None]


def test_settings_hold_for_one_question(engine):
    """A setting of one query is not there for the next."""
    sql = "SELECT toUInt64(value) FROM system.settings WHERE name = 'max_block_size'"
    assert engine.query(sql, settings={"max_block_size": 4321}).rows == [(4321,)]
    assert engine.query(sql).rows != [(4321,)]


def test_an_error_has_clickhouses_code(engine):
    """What the engine refuses is an `EngineError` with its code and its words, and no secrets."""
    with pytest.raises(EngineError) as caught:
        engine.query("SELECT * FROM nowhere")
    assert caught.value.code == 60
    assert "nowhere" in str(caught.value)
    assert support_engine.WRITE_PASSWORD not in str(caught.value)


def test_rows_that_cannot_be_sent_are_told_and_not_inserted(engine):
    """A value of the wrong type is an `EngineError`; the table is as it was, and the client goes on."""
    before = engine.query("SELECT count() FROM migrations").rows
    with pytest.raises(EngineError):
        engine.insert("migrations", ("number", "name"), [("many", 5)])
    assert engine.query("SELECT count() FROM migrations").rows == before


def test_an_engine_that_is_away_is_an_error_without_a_code():
    """Nothing is sent when the client is made; the first statement says that nobody answers."""
    engine = Engine.connect(f"clickhouse://127.0.0.1:{support_engine.free_port()}/x")
    with pytest.raises(EngineError) as caught:
        engine.query("SELECT 1")
    assert caught.value.code == 0


def test_threads_share_a_client(engine):
    """Answers go to those who asked, however many ask at once."""
    with ThreadPoolExecutor(8) as pool:
        asked = list(range(200))
        answers = list(pool.map(lambda n: engine.query("SELECT {n:UInt32}", {"n": n}).rows[0][0], asked))
    assert answers == asked


def test_the_async_client_says_the_same(engine_url, engine):
    """Insert, query, raw and command, awaited, several at once."""

    async def talk():
        there = AsyncEngine.connect(f"{engine_url}/{engine.target.database}")
        await there.command("CREATE TABLE numbers_seen (n UInt8) ENGINE = Memory")
        await there.insert("numbers_seen", ("n",), [(1,), (2,)])
        answers = await asyncio.gather(*(there.query("SELECT {n:UInt8}", {"n": n}) for n in range(20)))
        text = await there.raw("SELECT n FROM numbers_seen ORDER BY n", {}, "CSVWithNames")
        await there.close()
        return [answer.rows[0][0] for answer in answers], text

    assert asyncio.run(talk()) == (list(range(20)), b'"n"\n1\n2\n')
