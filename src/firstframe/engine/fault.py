"""An exception of the embedded engine as ClickHouse's HTTP interface tells it: code, name, status, text."""

import re

_CODE = re.compile(r"Code: (\d+)\. ")
_NOISE = re.compile(r"^(?:Streaming query failed: )+")
_TWICE = re.compile(r"^(?:Code: (\d+)\. DB::Exception: )+(?=Code: \1\. )")
_FILE = re.compile(
    r": \(in file/uri [^)]*\)(?:: While executing File: data for INSERT was parsed from file)?"
)

SYNTAX_ERROR = 62
NOT_IMPLEMENTED = 48
NOT_ENOUGH_SPACE = 243
READONLY = 164
SESSION_NOT_FOUND = 372
SESSION_IS_LOCKED = 373
TOO_MANY_SIMULTANEOUS_QUERIES = 202
CANNOT_DECOMPRESS = 271
TOO_MANY_ROWS_OR_BYTES = 396
ACCESS_DENIED = 497
AUTHENTICATION_FAILED = 516
UNKNOWN_EXCEPTION = 1002

_STATUS = {
    **dict.fromkeys((194,), 401),
    **dict.fromkeys((192, 193, 497, 516), 403),
    **dict.fromkeys((6, 25, 26, 27, 33, 36, 38, 41, 42, 43, 53, 62, 69, 70, 72, 117, 271, 456, 457), 400),
    **dict.fromkeys((46, 47, 50, 56, 60, 63, 73, 81, 115, 336, 372), 404),
    159: 408,
    202: 503,
    48: 501,
}
"""ClickHouse's own table (HTTPHandler), for the codes that can come up here; all others are 500."""

_NAMES = {
    SYNTAX_ERROR: "SYNTAX_ERROR",
    NOT_IMPLEMENTED: "NOT_IMPLEMENTED",
    NOT_ENOUGH_SPACE: "NOT_ENOUGH_SPACE",
    READONLY: "READONLY",
    SESSION_NOT_FOUND: "SESSION_NOT_FOUND",
    SESSION_IS_LOCKED: "SESSION_IS_LOCKED",
    TOO_MANY_SIMULTANEOUS_QUERIES: "TOO_MANY_SIMULTANEOUS_QUERIES",
    CANNOT_DECOMPRESS: "CANNOT_DECOMPRESS",
    TOO_MANY_ROWS_OR_BYTES: "TOO_MANY_ROWS_OR_BYTES",
    ACCESS_DENIED: "ACCESS_DENIED",
    AUTHENTICATION_FAILED: "AUTHENTICATION_FAILED",
    UNKNOWN_EXCEPTION: "UNKNOWN_EXCEPTION",
}


class Fault(Exception):  # an answer, not an accident
    """A statement that fails with one of ClickHouse's codes."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        return _STATUS.get(self.code, 500)

    def text(self, version: str) -> str:
        """As the server writes it: ``Code: 60. DB::Exception: … (UNKNOWN_TABLE) (version …)``."""
        return f"{self.message} (version {version})\n"


def fault(code: int, message: str) -> Fault:
    """One of our own, worded as the server words them."""
    return Fault(code, f"Code: {code}. DB::Exception: {message}. ({_NAMES[code]})")


def fault_of(error: BaseException) -> Fault:
    """What the embedded engine raised, with the code read back from its text."""
    if isinstance(error, Fault):
        return error
    text = _FILE.sub("", _TWICE.sub("", _NOISE.sub("", str(error)).strip()))
    found = _CODE.search(text)
    if found is None:
        return fault(UNKNOWN_EXCEPTION, text or type(error).__name__)
    return Fault(int(found[1]), text[found.start() :])
