"""A request to ClickHouse's HTTP interface, taken apart: who asks, what, with which settings and parameters."""

import binascii
import hmac
import re
from base64 import b64decode
from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP
from math import inf
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import msgspec

from firstframe.engine.fault import AUTHENTICATION_FAILED, NOT_IMPLEMENTED, READONLY, fault

WRITER, READER = "default", "reader"

_TRANSPORT = frozenset(
    {
        "add_http_cors_header",
        "async_insert",  # an answer here always means on disk
        "buffer_size",
        "client_protocol_version",
        "compress",
        "database",
        "decompress",
        "default_format",
        "enable_http_compression",
        "http_headers_progress_interval_ms",
        "http_response_buffer_size",
        "http_wait_end_of_query",
        "http_zlib_compression_level",
        "cancel_http_readonly_queries_on_client_close",
        "cancel_http_queries_on_client_close",
        "password",
        "query",
        "query_id",
        "quota_key",
        "role",
        "send_progress_in_http_headers",
        "session_check",
        "session_id",
        "session_timeout",
        "stacktrace",
        "user",
        "wait_end_of_query",
        "wait_for_async_insert",
    }
)
"""What speaks to the HTTP layer, and is taken by it."""

READER_SETTINGS = re.compile(
    # By family: `output_format_schema` among the others is a path that the engine would write to.
    r"output_format_(?:always|arrow|binary|bson|compression|csv|decimal|enable|float|json|markdown|msgpack|native|orc"
    r"|parallel|parquet|pretty|sql_insert|trim|tsv|values|write)_\w+|date_time_(?:in|out)put_format|session_timezone|use_client_time_zone|extremes"
    r"|max_(?:threads|block_size|rows_to_read|bytes_to_read|result_rows|result_bytes|execution_time|memory_usage)"
    r"|(?:result|timeout|read)_overflow_mode|join_use_nulls|group_by_use_nulls|aggregate_functions_null_for_empty"
    r"|cast_string_to_dynamic_use_inference|final|log_comment|log_queries|priority|prefer_column_name_to_alias"
    r"|readonly|max_query_size|connect_timeout|receive_timeout|send_timeout|optimize_\w+|enable_json_type"
)
"""What the read-only user may set besides; `limits` keeps the numbers among them in bounds."""

_MAX_TIMEOUT_SECONDS = 3600


class Ask(msgspec.Struct, frozen=True):
    """One request, before its body."""

    user: str
    query: bytes
    """The statement, or its beginning, from the URL."""
    params: dict[str, str]
    settings: dict[str, str]
    database: str | None
    format: str | None
    """The format where the statement names none."""
    query_id: str
    session_id: str | None
    session_check: bool
    session_seconds: float
    read_only: bool
    """GET and HEAD change nothing, whoever asks."""
    encoding: str
    """Content encoding of the body."""
    accept: str
    """What the answer may be encoded as; empty when it is not to be."""
    blocks_in: bool
    blocks_out: bool
    wait: bool
    """Answer only when the statement is through."""


def ask_of(method: str, query_string: bytes, headers: Mapping[str, str], secrets: Mapping[str, str]) -> Ask:
    """Take a request apart. Raises `Fault` when it comes from nobody we know or wants what it may not have."""
    values = dict(parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, errors="surrogateescape"))
    user = authenticated(headers, values, secrets)
    asked = _settings(values, user)
    return Ask(
        user=user,
        query=values.get("query", "").encode("utf-8", "surrogateescape"),
        params=_params(values),
        settings=asked,
        database=values.get("database") or headers.get("x-clickhouse-database"),
        format=_plain(headers.get("x-clickhouse-format") or values.get("default_format", "")) or None,
        query_id=_plain(values.get("query_id", "")) or str(uuid4()),
        session_id=values.get("session_id"),
        session_check=_on(values, "session_check"),
        session_seconds=_seconds(values.get("session_timeout", "60")),
        read_only=method in ("GET", "HEAD"),
        encoding=headers.get("content-encoding", ""),
        accept=headers.get("accept-encoding", "") if _on(values, "enable_http_compression") else "",
        blocks_in=_on(values, "decompress"),
        blocks_out=_on(values, "compress"),
        wait=_on(values, "wait_end_of_query") or _on(values, "http_wait_end_of_query"),
    )


def authenticated(headers: Mapping[str, str], values: Mapping[str, str], secrets: Mapping[str, str]) -> str:
    """The user whose secret came with the request. Raises `Fault`."""
    user, password = _credentials(headers, values)
    secret = secrets.get(user, "")
    right = hmac.compare_digest(password.encode("utf-8", "replace"), secret.encode())
    if not secret or not right:
        raise fault(
            AUTHENTICATION_FAILED,
            f"{user}: Authentication failed: password is incorrect, or there is no user with such name",
        )
    return user


def with_form(ask: Ask, content_type: str, body: bytes) -> Ask:
    """The request with the statement and parameters of its multipart body, as clients send long ones."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    values: dict[str, str] = {}
    for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
        name = part.get_param("name", header="content-disposition")
        if part.get_filename() is not None:
            raise fault(NOT_IMPLEMENTED, "External tables are not taken by the embedded engine")
        if isinstance(name, str):
            values[name] = _part_text(part)
    query = ask.query + values.get("query", "").encode("utf-8", "surrogateescape")
    settings = ask.settings | _settings(values, ask.user)
    return msgspec.structs.replace(ask, query=query, params=ask.params | _params(values), settings=settings)


def limits(ask: Ask, verb: bytes, memory_bytes: int, query_seconds: float) -> dict[str, str]:
    """The request's settings, kept within what one statement may use."""
    caps: dict[str, float] = {"max_memory_usage": memory_bytes}
    if ask.user == READER or verb in (b"SELECT", b"WITH"):
        caps["max_execution_time"] = query_seconds
    if ask.user == READER:
        caps |= {"max_result_rows": 10_000_000, "max_result_bytes": max(memory_bytes // 4, 1 << 20)}
    asked = {name: value for name, value in ask.settings.items() if name != "readonly"}
    return asked | {name: _capped(asked.get(name), cap) for name, cap in caps.items()}


def most_result_bytes(settings: Mapping[str, str]) -> float:
    """How much an answer may hold before it is a fault; infinite where nobody said, or where it is to be cut."""
    number = _number(settings.get("max_result_bytes"))
    return number if number > 0 and settings.get("result_overflow_mode") != "break" else inf


def _number(value: str | None) -> float:
    try:
        return float(value or 0)
    except ValueError:
        return 0


def _capped(value: str | None, cap: float) -> str:
    """The smaller of what was asked for and the cap; 0, which means no limit, is the cap."""
    number = _number(value)
    return (
        f"{number if 0 < number < cap else cap:g}"
        if cap < 1e6
        else str(int(number if 0 < number < cap else cap))
    )


def _credentials(headers: Mapping[str, str], values: Mapping[str, str]) -> tuple[str, str]:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            user, _, password = b64decode(given.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return user or WRITER, password
    if "x-clickhouse-user" in headers or "x-clickhouse-key" in headers:
        return headers.get("x-clickhouse-user") or WRITER, headers.get("x-clickhouse-key", "")
    return values.get("user") or WRITER, values.get("password", "")


def _settings(values: Mapping[str, str], user: str) -> dict[str, str]:
    found = {
        name: value
        for name, value in values.items()
        if name not in _TRANSPORT and not name.startswith("param_")
    }
    for name in found:
        if user == READER and not READER_SETTINGS.fullmatch(name):
            raise fault(READONLY, f"Cannot modify '{name}' setting in readonly mode")
    return found


def _params(values: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix("param_"): value for name, value in values.items() if name.startswith("param_")}


def _plain(text: str) -> str:
    """Text that may stand in a header of the answer: no line breaks, no other control characters."""
    return "".join(one for one in text if one.isprintable())


def _part_text(part: Any) -> str:
    raw: bytes = part.get_payload(decode=True) or b""
    return raw.decode("utf-8", "surrogateescape")


def _on(values: Mapping[str, str], name: str) -> bool:
    return values.get(name, "0").lower() not in ("", "0", "false")


def _seconds(text: str) -> float:
    try:
        return max(1.0, min(float(text), _MAX_TIMEOUT_SECONDS))
    except ValueError:
        return 60.0
