"""The HTTP face says what ClickHouse's own says."""

import gzip
import json
import zlib

import httpx
import lz4.frame
import pytest

import support_engine
from firstframe.engine.block import BlockDecoder, BlockEncoder

ROWS = b'{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n'


def _count(http) -> int:
    return int(http.post("/", content="SELECT count() FROM t").text)


@pytest.mark.parametrize("path", ["/ping", "/replicas_status", "/"])
def test_it_says_that_it_is_there(shared, path):
    """Health checks need no password."""
    answer = httpx.get(f"http://127.0.0.1:{shared.target.port}{path}")
    assert (answer.status_code, answer.text) == (200, "Ok.\n")


def test_a_path_that_is_none(http):
    """Other paths are not found."""
    assert http.get("/play").status_code == 404


def test_a_statement_in_the_url_or_the_body_or_both(http):
    """What the URL begins, the body goes on with."""
    assert http.get("/", params={"query": "SELECT 1"}).text == "1\n"
    assert http.post("/", content="SELECT 2").text == "2\n"
    assert http.post("/", params={"query": "SELECT"}, content="3").text == "3\n"


def test_the_format_is_that_of_the_statement_then_the_header_then_the_url(http):
    """The nearest wins; without any it is TabSeparated."""
    header = {"x-clickhouse-format": "JSONEachRow"}
    url = {"default_format": "CSVWithNames"}
    assert (
        http.post("/", content="SELECT 1 AS a FORMAT TSVWithNames", headers=header, params=url).text
        == "a\n1\n"
    )
    assert http.post("/", content="SELECT 1 AS a", headers=header, params=url).text == '{"a":1}\n'
    answer = http.post("/", content="SELECT 1 AS a", params=url)
    assert answer.text == '"a"\n1\n'
    assert answer.headers["x-clickhouse-format"] == "CSVWithNames"
    assert answer.headers["content-type"] == "text/csv; charset=UTF-8; header=present"


def test_a_column_may_be_called_format(http):
    """A name is not taken for the clause."""
    assert http.post("/", content="SELECT format FROM (SELECT 5 AS format)").text == "5\n"


def test_parameters_and_settings_come_in_the_url(http):
    """``param_*`` are values for the statement, other names are settings of it."""
    params = {"param_who": "a\\tb", "max_block_size": "99"}
    sql = "SELECT {who:String}, getSetting('max_block_size')"
    assert http.post("/", content=sql + " FORMAT TSVRaw", params=params).text == "a\tb\t99\n"


def test_long_parameters_come_in_a_form(http):
    """Statement and parameters as multipart/form-data, as clients send what is too long for a URL."""
    long = "x" * 300_000
    answer = http.post("/", files={"query": (None, "SELECT length({a:String})"), "param_a": (None, long)})
    assert answer.text == "300000\n"


@pytest.mark.parametrize(
    ("statement", "status", "code"),
    [
        ("SELEC 1", 400, 62),
        ("SELECT 1; SELECT 2", 400, 62),
        ("", 400, 62),
        ("SELECT * FROM nowhere", 404, 60),
        ("SELECT nothing", 404, 47),
        ("SELECT nofunction(1)", 404, 46),
        ("SELECT * FROM nodb.t", 404, 81),
        ("SELECT 1 FORMAT Nonsense", 404, 73),
        ("SELECT throwIf(1)", 500, 395),
        ("SELECT {a:UInt8}", 400, 456),
    ],
)
def test_an_error_has_its_code_and_status(http, statement, status, code):
    """The code in the header and the text, the status as the server has it."""
    answer = http.post("/", content=statement)
    assert (answer.status_code, answer.headers["x-clickhouse-exception-code"]) == (status, str(code))
    assert answer.text.startswith(f"Code: {code}. DB::Exception: ")
    assert "(version " in answer.text


def test_an_unknown_setting_or_database_is_an_error(http):
    """As is a database that is not there."""
    assert (
        http.post("/", content="SELECT 1", params={"no_such": "1"}).headers["x-clickhouse-exception-code"]
        == "115"
    )
    assert (
        http.post("/", content="SELECT 1", params={"database": "no"}).headers["x-clickhouse-exception-code"]
        == "81"
    )
    assert (
        http.post("/", content="SELECT 1", params={"a;b": "1"}).headers["x-clickhouse-exception-code"]
        == "115"
    )


@pytest.mark.parametrize("user", ["default", "reader", "nobody", ""])
def test_a_wrong_password_opens_nothing(shared, user):
    """By basic authentication, headers or URL."""
    url = f"http://127.0.0.1:{shared.target.port}/"
    tries = (
        {"auth": (user, "wrong")},
        {"auth": (user, "")},
        {"headers": {"x-clickhouse-user": user, "x-clickhouse-key": "wrong"}},
        {"headers": {"authorization": "Basic !!!"}},
        {"params": {"user": user, "password": "wrong"}},
        {},
    )
    for each in tries:
        answer = httpx.post(url, content="SELECT 1", **each)
        assert (answer.status_code, answer.headers["x-clickhouse-exception-code"]) == (403, "516")


def test_the_right_password_in_any_place(shared):
    """By headers and by URL, as by basic authentication."""
    url, secret = f"http://127.0.0.1:{shared.target.port}/", support_engine.WRITE_PASSWORD
    headers = {"x-clickhouse-user": "default", "x-clickhouse-key": secret}
    assert httpx.post(url, content="SELECT 1", headers=headers).text == "1\n"
    assert httpx.post(url, content="SELECT 1", params={"user": "default", "password": secret}).text == "1\n"


def test_a_get_changes_nothing(http):
    """A link cannot be made to write."""
    answer = http.get("/", params={"query": "CREATE TABLE t (a UInt8) ENGINE = Memory"})
    assert answer.headers["x-clickhouse-exception-code"] == "164"


def test_the_summary_counts(table):
    """Rows written, read and given are in the answer's head."""
    written = table.post("/", params={"query": "INSERT INTO t FORMAT JSONEachRow"}, content=ROWS)
    assert json.loads(written.headers["x-clickhouse-summary"])["written_rows"] == "2"
    read = table.post("/", content="SELECT a FROM t", params={"query_id": "mine"})
    summary = json.loads(read.headers["x-clickhouse-summary"])
    assert (summary["read_rows"], summary["result_rows"]) == ("2", "2")
    assert read.headers["x-clickhouse-query-id"] == "mine"


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("INSERT INTO t FORMAT JSONEachRow", ROWS),
        ("", b"INSERT INTO t FORMAT JSONEachRow\n" + ROWS),
        ("", b"/* said */ INSERT INTO t (a, b) SETTINGS max_threads = 1 FORMAT JSONEachRow " + ROWS),
        ("INSERT INTO t (a, b) VALUES", b"(1, 'x'), (2, 'FORMAT CSV')"),
        ("", b"INSERT INTO t VALUES (1, 'x'), (2, 'y')"),
        ("INSERT INTO t FORMAT CSV", b"1,x\n2,y\n"),
        ("INSERT INTO t SELECT number, 'x' FROM numbers(2)", b""),
        ("INSERT INTO t", b"FORMAT TSV\n1\tx\n2\ty\n"),
        ("INSERT INTO `t` FORMAT Values", b"(1,'x'),(2,'y')"),
    ],
)
def test_an_insert_however_it_is_said(table, query, body):
    """Two rows, by every way of saying so."""
    answer = table.post("/", params={"query": query} if query else {}, content=body)
    assert (answer.status_code, answer.text) == (200, "")
    assert _count(table) == 2


def test_an_insert_takes_parameters(table):
    """Parameters of the statement, not of the data."""
    query = {"query": "INSERT INTO {where:Identifier} FORMAT JSONEachRow", "param_where": "t"}
    assert table.post("/", params=query, content=ROWS).status_code == 200
    assert _count(table) == 2


def test_a_bad_row_takes_all_with_it(table):
    """Nothing of an insert that fails is there, and the next goes through."""
    answer = table.post(
        "/", params={"query": "INSERT INTO t FORMAT JSONEachRow"}, content=ROWS + b'{"a": "x"}'
    )
    assert answer.headers["x-clickhouse-exception-code"] == "27"
    assert _count(table) == 0
    table.post("/", params={"query": "INSERT INTO t FORMAT JSONEachRow"}, content=ROWS)
    assert _count(table) == 2


def test_an_insert_is_streamed(table):
    """A body without a length, larger than any piece."""
    pieces = (b'{"a": %d, "b": "%s"}\n' % (number, b"x" * 100) for number in range(40_000))
    answer = table.post("/", params={"query": "INSERT INTO t FORMAT JSONEachRow"}, content=pieces)
    assert answer.status_code == 200
    assert _count(table) == 40_000


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("gzip", gzip.compress),
        ("gzip", lambda data: gzip.compress(data[:20]) + gzip.compress(data[20:])),
        ("deflate", zlib.compress),
        ("lz4", lz4.frame.compress),
    ],
)
def test_a_compressed_body_is_read(table, name, pack):
    """Content encodings of a request, also when the statement is inside."""
    body = pack(b"INSERT INTO t FORMAT JSONEachRow\n" + ROWS)
    assert table.post("/", content=body, headers={"content-encoding": name}).status_code == 200
    assert _count(table) == 2


@pytest.mark.parametrize("name", ["gzip", "zstd", "lz4", "deflate", "nonsense"])
def test_a_broken_body_is_refused(table, name):
    """What cannot be expanded is told, and nothing of it is kept."""
    answer = table.post(
        "/",
        params={"query": "INSERT INTO t FORMAT JSONEachRow"},
        content=b"not compressed at all",
        headers={"content-encoding": name},
    )
    assert (answer.status_code, answer.headers["x-clickhouse-exception-code"]) == (400, "271")
    assert _count(table) == 0


def test_blocks_both_ways(table):
    """``decompress=1`` and ``compress=1`` are ClickHouse's own blocks."""
    encoder = BlockEncoder()
    body = encoder.feed(ROWS) + encoder.finish()
    query = {"query": "INSERT INTO t FORMAT JSONEachRow", "decompress": "1"}
    assert table.post("/", params=query, content=body).status_code == 200
    answer = table.post("/", content="SELECT * FROM t ORDER BY a", params={"compress": "1"})
    assert BlockDecoder().feed(answer.content) == b"1\tx\n2\ty\n"


@pytest.mark.parametrize("name", ["gzip", "deflate"])
def test_an_answer_is_compressed_when_it_is_asked_for(http, name):
    """Only with ``enable_http_compression``; an error is not."""
    asked = {"accept-encoding": name}
    on = {"enable_http_compression": "1"}
    answer = http.post("/", content="SELECT repeat('x', 100000)", headers=asked, params=on)
    assert (answer.headers["content-encoding"], len(answer.text)) == (name, 100_001)
    assert "content-encoding" not in http.post("/", content="SELECT 1", headers=asked).headers
    assert "content-encoding" not in http.post("/", content="SELEC 1", headers=asked, params=on).headers


def test_a_large_answer_is_streamed(http):
    """Nothing is missing of an answer that is larger than what is held back."""
    answer = http.post("/", content="SELECT number FROM numbers(500000) FORMAT CSV")
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.text.splitlines() == [str(number) for number in range(500_000)]


def test_an_error_amid_an_answer_is_marked_and_cut_off(http):
    """Nobody can take the part for the whole: the text says so and the connection ends."""
    sql = "SELECT throwIf(number = 900000), randomPrintableASCII(20) FROM numbers(1000000) FORMAT CSV"
    parts: list[bytes] = []
    with http.stream("POST", "/", content=sql) as answer, pytest.raises(httpx.RemoteProtocolError):
        parts.extend(answer.iter_raw())
    got, tag = b"".join(parts), answer.headers["x-clickhouse-exception-tag"].encode()
    assert answer.status_code == 200
    assert b"\r\n__exception__\r\n" + tag + b"\r\nCode: 395. " in got
    assert got.endswith(tag + b"\r\n__exception__\r\n")
    assert http.post("/", content="SELECT 1").text == "1\n"


@pytest.mark.parametrize("fmt", ["JSON", "JSONCompact", "CSVWithNames", "Parquet", "ArrowStream"])
def test_formats_with_a_frame_are_whole(http, fmt):
    """A format that has a head or a foot has it once, whatever the number of blocks."""
    answer = http.post("/", content=f"SELECT number FROM numbers(200000) FORMAT {fmt}")
    once = {"JSON": b'"meta"', "JSONCompact": b'"meta"', "CSVWithNames": b'"number"'}.get(fmt)
    assert answer.status_code == 200
    assert once is None or answer.content.count(once) in (1, 2)
    assert fmt != "Parquet" or answer.content[:4] == answer.content[-4:] == b"PAR1"


def test_totals_are_not_lost(http):
    """A statement with totals is answered whole."""
    sql = "SELECT number % 2 AS a, count() FROM numbers(10) GROUP BY a WITH TOTALS ORDER BY a"
    assert http.post("/", content=sql).text == "0\t5\n1\t5\n\n0\t10\n"


def test_a_session_keeps_what_it_was_told(http):
    """Temporary tables and settings of a named session are there for its next statement, and for nobody else."""
    mine, other = {"session_id": "mine"}, {"session_id": "other"}
    http.post("/", content="CREATE TEMPORARY TABLE kept (a UInt8)", params=mine).raise_for_status()
    http.post("/", content="INSERT INTO kept VALUES (5)", params=mine).raise_for_status()
    http.post("/", content="SET max_block_size = 77", params=mine).raise_for_status()
    sql = "SELECT a, getSetting('max_block_size') FROM kept"
    assert http.post("/", content=sql, params=mine).text == "5\t77\n"
    assert http.post("/", content=sql, params=other).headers["x-clickhouse-exception-code"] == "60"
    assert http.post("/", content=sql).headers["x-clickhouse-exception-code"] == "60"


def test_a_setting_in_the_url_does_not_stay_in_the_session(http):
    """It is of its statement only."""
    mine = {"session_id": "settings"}
    sql = "SELECT getSetting('max_block_size')"
    usual = http.post("/", content=sql, params=mine).text
    assert http.post("/", content=sql, params=mine | {"max_block_size": "55"}).text == "55\n"
    assert http.post("/", content=sql, params=mine).text == usual


def test_a_session_that_must_exist(http):
    """``session_check`` refuses a name that is not known."""
    answer = http.post("/", content="SELECT 1", params={"session_id": "never", "session_check": "1"})
    assert (answer.status_code, answer.headers["x-clickhouse-exception-code"]) == (404, "372")


def test_a_select_is_ended_when_its_time_is_up(http):
    """The cap on time holds, and cannot be lifted by a setting."""
    slow = "SELECT count() FROM numbers(100000000000) WHERE NOT ignore(rand())"
    answer = http.post("/", content=slow, params={"max_execution_time": "0.3"})
    assert answer.headers["x-clickhouse-exception-code"] == "159"
    asked = http.post(
        "/", content="SELECT getSetting('max_execution_time')", params={"max_execution_time": "99999"}
    )
    assert asked.text == "30\n"


def test_a_statement_gets_no_more_memory_than_its_cap(http):
    """Nor by a setting of its own."""
    sql = "SELECT getSetting('max_memory_usage')"
    asked = http.post("/", content=sql, params={"max_memory_usage": "0"})
    assert int(asked.text) == support_engine.MEMORY_BYTES
    small = http.post(
        "/",
        content="SELECT groupArray(number) FROM numbers(10000000) FORMAT Null",
        params={"max_memory_usage": "10000000"},
    )
    assert small.headers["x-clickhouse-exception-code"] == "241"


@pytest.mark.parametrize(
    ("table_of", "code"),
    [
        (
            "CREATE TABLE strict (a UInt32, b String, CONSTRAINT small CHECK a < 0) ENGINE = MergeTree ORDER BY a",
            469,
        ),
        (
            "CREATE TABLE strict (a UInt32, b String) ENGINE = MergeTree ORDER BY a PARTITION BY a"
            " SETTINGS min_free_disk_bytes_to_perform_insert = 1000000000000000",
            243,
        ),
    ],
)
def test_what_the_table_refuses_is_told(table, table_of, code):
    """An insert that the storage cannot take fails, after its data was read without fault."""
    table.post("/", content=table_of).raise_for_status()
    answer = table.post("/", params={"query": "INSERT INTO strict FORMAT JSONEachRow"}, content=ROWS)
    assert answer.headers["x-clickhouse-exception-code"] == str(code)
    assert table.post("/", content="SELECT count() FROM strict").text == "0\n"
