"""What the read-only user may ask, and the many things that it may not."""

import re

import pytest

from firstframe.engine.request import READER_SETTINGS

ALLOWED = [
    "SELECT 1",
    "SELECT count() FROM views FINAL",
    "WITH v AS (SELECT * FROM views) SELECT count() FROM v WHERE country IN ('DE', 'FR')",
    "SELECT outcome, quantile(0.95)(video_startup_time_ms) FROM views GROUP BY outcome ORDER BY 1 LIMIT 5",
    "SELECT * FROM (SELECT 1 AS a) AS x JOIN (SELECT 1 AS a) AS y USING (a)",
    "SELECT arrayMap(x -> x + 1, [1, 2]) FORMAT JSON",
    "SELECT number FROM numbers(3) UNION ALL SELECT 7",
    "SELECT 'INTO OUTFILE; file(x) system.users' AS text",
    "SELECT 1 INTERSECT SELECT 1",
    "SELECT * FROM values('a UInt8', 1, 2)",
    "SELECT name FROM system.tables LIMIT 1",
    "SELECT table_name FROM information_schema.tables LIMIT 1",
    "SELECT 1; -- done",
    "SHOW TABLES",
    "SHOW DATABASES",
    "SHOW COLUMNS FROM views",
    "SHOW CREATE TABLE views",
    "DESCRIBE TABLE views",
    "DESCRIBE (SELECT 1)",
    "EXPLAIN SELECT count() FROM views",
    "EXPLAIN AST SELECT 1",
    "SELECT {text:String}, {list:Array(UInt8)}",
]
FORBIDDEN = [
    # changes
    "INSERT INTO views (project) VALUES ('x')",
    "INSERT INTO views (project) SELECT 'x'",
    "INSERT INTO FUNCTION file('x.csv') SELECT 1",
    "CREATE TABLE x (a UInt8) ENGINE = Memory",
    "CREATE TEMPORARY TABLE x (a UInt8)",
    "CREATE DATABASE x",
    "CREATE FUNCTION f AS (x) -> x",
    "CREATE USER u",
    "DROP TABLE views",
    "TRUNCATE TABLE views",
    "ALTER TABLE views DELETE WHERE 1",
    "DELETE FROM views WHERE 1",
    "UPDATE views SET live = true WHERE 1",
    "OPTIMIZE TABLE views FINAL",
    "RENAME TABLE views TO v",
    "ATTACH TABLE x (a UInt8) ENGINE = Memory",
    "DETACH TABLE views",
    "EXCHANGE TABLES views AND events",
    "GRANT ALL ON *.* TO reader",
    "SYSTEM SHUTDOWN",
    "SYSTEM FLUSH LOGS",
    "BACKUP TABLE views TO Disk('default', 'x')",
    "USE system",
    "SET readonly = 0",
    "SET max_threads = 1",
    "EXPLAIN INSERT INTO views (project) SELECT 'x'",
    # other people's queries
    "KILL QUERY WHERE 1",
    "KILL MUTATION WHERE 1",
    "SHOW PROCESSLIST",
    "SELECT * FROM system.processes",
    # files
    "SELECT 1 INTO OUTFILE 'stolen.csv'",
    "SELECT 1 INTO /* x */ OUTFILE 'stolen.csv' TRUNCATE",
    "EXPLAIN SELECT 1 INTO OUTFILE 'stolen.csv'",
    "EXPLAIN AST SELECT 1 INTO OUTFILE 'stolen.csv'",
    "SHOW TABLES INTO OUTFILE 'stolen.csv'",
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM FILE('/etc/passwd', LineAsString)",
    "SELECT * FROM `file`('/etc/passwd', LineAsString)",
    "SELECT * FROM default.`/etc/passwd`",
    "SELECT file('/etc/passwd')",
    "SELECT `file`('/etc/passwd')",
    "SELECT COLUMNS('path') APPLY(x -> file(x)) FROM (SELECT '/etc/passwd' AS path)",
    "SELECT COLUMNS('path') APPLY(file) FROM (SELECT '/etc/passwd' AS path)",
    "SELECT * APPLY file FROM (SELECT '/etc/passwd' AS path)",
    "SELECT * REPLACE(file('/etc/passwd') AS a) FROM (SELECT 1 AS a)",
    "SELECT 1 WHERE 'x' IN (SELECT file('/etc/passwd'))",
    "SELECT 1 ORDER BY file('/etc/passwd')",
    "WITH file('/etc/passwd') AS text SELECT text",
    "SELECT * FROM (SELECT * FROM view(SELECT * FROM file('/etc/passwd', LineAsString)))",
    "DESCRIBE TABLE file('/etc/passwd')",
    "SELECT * FROM fileCluster('c', '/etc/passwd')",
    "SELECT * FROM filesystem('/etc')",
    "SELECT * FROM sqlite('/x.db', 't')",
    "SELECT * FROM views INTO OUTFILE '/tmp/x' FORMAT CSV",
    "SELECT 1 FORMAT Template SETTINGS format_template_resultset = '/etc/passwd'",
    # other servers and programs
    "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')",
    "SELECT * FROM s3('http://127.0.0.1:1/x', 'CSV', 'a String')",
    "SELECT * FROM remote('127.0.0.1', system.one)",
    "SELECT * FROM remoteSecure('127.0.0.1', system.one)",
    "SELECT * FROM cluster('default', system.one)",
    "SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM mongodb('127.0.0.1:1', 'd', 't', 'u', 'p', 'a Int8')",
    "SELECT * FROM redis('127.0.0.1:1', 'k', 'k String')",
    "SELECT * FROM hdfs('hdfs://x', 'CSV', 'a String')",
    "SELECT * FROM jdbc('x', 'y')",
    "SELECT * FROM odbc('x', 'y')",
    "SELECT * FROM executable('id', TSV, 'a String')",
    "SELECT * FROM python(x)",
    "SELECT * FROM input('a String')",
    "SELECT * FROM eval('SELECT 1')",
    "SELECT * FROM merge('system', '.*')",
    "SELECT * FROM dictionary('x')",
    "SELECT * FROM loop(views)",
    "SELECT dictGet('x', 'y', 1)",
    "SELECT aiGenerate('x', 'y')",
    "SELECT getClientHTTPHeader('Authorization')",
    "SELECT sleep(3)",
    # secrets
    "SELECT * FROM system.users",
    "SELECT * FROM `system`.`named_collections`",
    'SELECT * FROM "system" . server_settings',
    "SELECT 1 WHERE 1 IN system.user_directories",
    "SELECT * FROM {db:Identifier}.users",
    "SHOW USERS",
    "SHOW GRANTS",
    "SHOW ACCESS",
    # two at once
    "SELECT 1; DROP TABLE views",
    "SELECT 1; SELECT 2",
    "",
    "/* nothing */",
    "1 + 1",
]


@pytest.mark.parametrize("statement", ALLOWED)
def test_reading_is_allowed(reader, statement):
    """Questions of tables, however they are asked."""
    answer = reader.post("/", content=statement, params={"param_text": "a'b\\\\", "param_list": "[1,2]"})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_all_else_is_refused(reader, statement):
    """Nothing that writes, reaches out of the tables, or tells of the process; refused before it is run."""
    answer = reader.post("/", content=statement, params={"param_db": "system"})
    assert answer.status_code >= 400
    assert answer.headers["x-clickhouse-exception-code"] in ("62", "164", "497"), answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize("name", ["'/etc/passwd'", "`/etc/passwd`", "`../../etc/passwd`"])
def test_a_file_is_no_table(reader, name):
    """The engine's own default database would read a path as a file; not for this user."""
    answer = reader.post("/", content=f"SELECT * FROM {name}", params={"database": "default"})
    assert answer.headers["x-clickhouse-exception-code"] in ("60", "164"), answer.text


def test_nothing_was_changed_or_written(reader, http, tmp_path):
    """A statement that would write a file writes none, and the tables are there as before."""
    target = tmp_path / "stolen.csv"
    for statement in (
        f"SELECT 1 INTO OUTFILE '{target}'",
        f"EXPLAIN SELECT 1 INTO OUTFILE '{target}'",
        "DROP TABLE views",
    ):
        assert reader.post("/", content=statement).status_code >= 400
    assert not target.exists()
    assert "views" in http.post("/", content="SHOW TABLES").text


@pytest.mark.parametrize(
    "setting",
    [
        "format_schema_path",
        "allow_introspection_functions",
        "dialect",
        "http_response_headers",
        "file_like_engine_default_partition_strategy",
        "log_queries_cut_to_length",
        "max_partitions_to_read",
        "allow_ddl",
        "format_template_resultset",
        "output_format_schema",
        "output_format_avro_confluent_subject",
    ],
)
def test_settings_are_those_of_a_list(reader, setting):
    """A setting that is not on the list is refused."""
    answer = reader.post("/", content="SELECT 1", params={setting: "1"})
    assert answer.headers["x-clickhouse-exception-code"] == "164"


@pytest.mark.parametrize(
    "name", ["Protobuf", "protobufsingle", "ProtobufList", "CapnProto", "Template", "Avro"]
)
def test_formats_with_a_file_of_their_own_are_refused(reader, name, tmp_path):
    """Neither named in the statement nor beside it: a schema is a path."""
    for ask in (
        {"content": f"SELECT 1 AS a FORMAT {name}"},
        {"content": "SELECT 1 AS a", "params": {"default_format": name}},
    ):
        answer = reader.post("/", **ask)
        assert answer.headers["x-clickhouse-exception-code"] in ("497", "73"), (
            answer.text
        )  # 73: no such format here


def test_no_setting_of_a_reader_names_a_path(reader, tmp_path):
    """What a setting's own description calls a file, path, schema or address is not on the list."""
    rows = reader.post(
        "/", content="SELECT name, type, description FROM system.settings FORMAT JSONCompact"
    ).json()["data"]
    texts = [
        (name, told) for name, kind, told in rows if kind == "String" and READER_SETTINGS.fullmatch(name)
    ]
    assert texts  # the list has some
    named = re.compile(r"\b(?:path|file|directory|schema|url|host|registry)\b", re.IGNORECASE)
    assert [name for name, told in texts if named.search(told) or named.search(name.replace("_", " "))] == []


def test_harmless_settings_are_taken(reader):
    """What honest clients send does not stop them."""
    params = {
        "max_result_rows": "100",
        "output_format_json_quote_64bit_integers": "0",
        "wait_end_of_query": "1",
        "send_progress_in_http_headers": "1",
        "readonly": "2",
        "async_insert": "0",
        "session_timezone": "Europe/Berlin",
    }
    answer = reader.post("/", content="SELECT timezone(), getSetting('readonly')", params=params)
    assert answer.text == "Europe/Berlin\t1\n"


def test_a_session_keeps_nothing_for_a_reader(reader):
    """A name for a session is accepted, as clients send one, and every statement is judged as ever."""
    mine = {"session_id": "reader"}
    assert reader.post("/", content="SELECT 1", params=mine).text == "1\n"
    assert reader.post("/", content="SELECT 2", params=mine).text == "2\n"
    assert reader.post("/", content="CREATE TEMPORARY TABLE x (a UInt8)", params=mine).status_code >= 400


def test_the_system_database_is_not_the_current_one(reader):
    """System tables are named in full, so that each can be judged."""
    answer = reader.post("/", content="SELECT * FROM users", params={"database": "system"})
    assert answer.headers["x-clickhouse-exception-code"] == "497"


def test_an_answer_may_not_be_endless(reader):
    """The cap on rows of an answer holds for a reader."""
    answer = reader.post("/", content="SELECT number FROM numbers(20000000) FORMAT Null")
    assert answer.headers.get("x-clickhouse-exception-code") == "396"
