"""What the read-only user may say: one SELECT, SHOW, DESCRIBE or EXPLAIN over tables, and nothing that reaches out.

The statement is first written anew by ClickHouse's own parser (comments gone, one spelling), and this canonical
text is what is judged *and* what is run, so that there is nothing that two parsers could read differently. It is
judged by its tree (`EXPLAIN AST`) and by its tokens, because the tree leaves out some places (``APPLY``). On top,
the caller runs it under ``readonly = 1``, which alone would still write files and end other people's queries.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import msgspec

from firstframe.engine.fault import ACCESS_DENIED, READONLY, Fault, fault
from firstframe.engine.statement import Token, tokens

Ask = Callable[[str, Mapping[str, str]], str]
"""Runs a statement with parameters and gives its answer as raw text."""

ROOTS = frozenset(
    {
        "SelectWithUnionQuery",
        "SelectIntersectExceptQuery",
        "ShowTables",
        "ShowColumns",
        "ShowIndexes",
        "ShowFunctions",
        "ShowEngineQuery",
        "ShowCreateTableQuery",
        "ShowCreateViewQuery",
        "ShowCreateDatabaseQuery",
        "DescribeQuery",
        "Explain",
    }
)
"""The statements, by the name of their root in the tree."""

EXPLAINED = frozenset({"SelectWithUnionQuery", "SelectIntersectExceptQuery"})

TABLE_FUNCTIONS = frozenset(
    {
        "generate_series",
        "generateseries",
        "null",
        "numbers",
        "numbers_mt",
        "primes",
        "values",
        "view",
        "zeros",
        "zeros_mt",
    }
)
"""The table functions that make their rows of nothing but their arguments."""

FUNCTIONS_REFUSED = re.compile(
    r"file|ai[a-z]+|dict(?:get|has|isin)\w*|joinget\w*|getclienthttpheader|catboostevaluate|evalmlmethod|fuzzquery"
    r"|logtrace|sleep|sleepeachrow|addressto\w+|demangle|getmacro|getserversetting|getserverport|filesystem\w+"
    r"|currentrequesturl|naivebayes\w*|python|executable|url\w*cluster|remote\w*|s3\w*|hdfs\w*|jdbc|odbc|mysql"
    r"|postgresql|mongodb|redis|sqlite|azureblobstorage\w*|iceberg\w*|deltalake\w*|hudi\w*|paimon\w*|cluster\w*"
    r"|dictionary|eval|input|loop|merge|mergetree\w+|url|viewexplain|prometheusquery\w*|timeseries(?:data|tags|metrics)"
)
"""Functions that read files, call models, wait, or tell of the process; and, again, table functions by name."""

SYSTEM_TABLES = frozenset(
    {
        "aggregate_function_combinators",
        "asynchronous_metrics",
        "build_options",
        "collations",
        "columns",
        "completions",
        "contributors",
        "data_skipping_indices",
        "data_type_families",
        "database_engines",
        "databases",
        "documentation",
        "events",
        "formats",
        "functions",
        "keywords",
        "licenses",
        "merge_tree_settings",
        "merges",
        "metrics",
        "mutations",
        "numbers",
        "numbers_mt",
        "one",
        "parts",
        "parts_columns",
        "projections",
        "settings",
        "table_engines",
        "table_functions",
        "tables",
        "time_zones",
        "zeros",
    }
)
"""The system tables that say something of tables, columns and numbers, and nothing of people or secrets."""

FORMATS_REFUSED = re.compile(r"avro\w*|capnproto|protobuf\w*|template", re.IGNORECASE)
"""Formats with a schema or template of their own: a file that is read or written, or a registry that is asked."""

_SYSTEM = "system"
_CANONICAL = "SELECT formatQuerySingleLine({statement:String})"
_IDENTIFIER = re.compile(rb"\{\s*(\w+)\s*:\s*Identifier\s*\}")
_OUR_SCOPE = re.compile(r":? In scope SELECT formatQuerySingleLine\(.*\)\. ", re.DOTALL)
_LINE = re.compile(r"( *)(\w+)(?: ([^\n]*))?")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})


class Node(msgspec.Struct, frozen=True):
    """One line of the tree."""

    depth: int
    kind: str
    name: str


def permitted(ask: Ask, statement: bytes, params: Mapping[str, str], database: str | None) -> bytes:
    """The canonical text of a statement that the read-only user may run. Raises `Fault` for any other."""
    if (database or "").lower() == _SYSTEM:
        raise _denied("the read-only user names system tables in full, system.tables, from another database")
    text = statement.decode("utf-8", "replace")
    canonical = _written_anew(ask, text)
    words = list(tokens(canonical.encode()))
    _check_tokens(words)
    _check_identifiers(canonical.encode(), params)
    _check_tree(_tree(ask(f"EXPLAIN AST {canonical}", params)))
    return canonical.encode()


def check_format(name: str) -> None:
    """Raises `Fault` for a format that the read-only user may not be answered in."""
    if FORMATS_REFUSED.fullmatch(name):
        raise _denied(f"the format {name} is not for the read-only user")


def _written_anew(ask: Ask, text: str) -> str:
    try:
        return ask(_CANONICAL, {"statement": text.translate(_ESCAPES)}).rstrip("\n")
    except Fault as error:
        # The message goes on about our own question; the user asked theirs.
        raise Fault(error.code, _OUR_SCOPE.sub(" ", error.message)) from None


def _check_tokens(words: Sequence[Token]) -> None:
    for index, token in enumerate(words):
        if token.kind not in ("word", "quoted"):
            continue
        name = token.name.decode("utf-8", "replace").lower()
        follows = words[index + 1].value if index + 1 < len(words) else b""
        if token.upper == b"OUTFILE":
            raise fault(READONLY, "The read-only user cannot write files (INTO OUTFILE)")
        if (follows == b"(" or _applied(words, index)) and FUNCTIONS_REFUSED.fullmatch(name):
            raise _denied(f"the function {name} is not for the read-only user")
        if name == _SYSTEM and follows == b"." and index + 2 < len(words):
            _check_system(words[index + 2].name.decode("utf-8", "replace"))


def _applied(words: Sequence[Token], index: int) -> bool:
    """Whether the word is the function of a column transformer: ``APPLY(name)`` or ``APPLY name``."""
    return any(words[before].upper == b"APPLY" for before in range(max(0, index - 2), index))


def _check_system(table: str) -> None:
    if table.lower() not in SYSTEM_TABLES:
        raise _denied(f"system.{table} is not for the read-only user")


def _check_identifiers(canonical: bytes, params: Mapping[str, str]) -> None:
    for found in _IDENTIFIER.finditer(canonical):
        value = params.get(found[1].decode(), "").strip('`"').lower()
        if value == _SYSTEM or value.startswith(f"{_SYSTEM}."):
            raise _denied("a system table must be named in the statement itself")


def _check_tree(nodes: Sequence[Node]) -> None:
    root = nodes[0].kind if nodes else ""
    if root not in ROOTS:
        raise fault(
            READONLY,
            f"The read-only user may SELECT, SHOW, DESCRIBE and EXPLAIN, but this is {root or 'nothing'}",
        )
    if root == "Explain" and (len(nodes) < 2 or nodes[1].kind not in EXPLAINED):
        raise fault(READONLY, "The read-only user may EXPLAIN a SELECT only")
    for above, node in pairwise(nodes):
        called = above.kind == "TableExpression" and node.kind == "Function"
        if called and node.name.lower() not in TABLE_FUNCTIONS:
            raise _denied(f"the table function {node.name} is not for the read-only user")


def _tree(text: str) -> list[Node]:
    found = (_LINE.match(line) for line in text.splitlines())
    return [Node(len(line[1]), line[2], (line[3] or "").split(" ")[0]) for line in found if line]


def _denied(message: str) -> Exception:
    return fault(ACCESS_DENIED, f"Not enough privileges: {message}")
