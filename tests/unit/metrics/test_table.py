"""CSV that is safe to open."""

from firstframe.metrics.table import to_csv


def test_values() -> None:
    """Null is empty, numbers stay numbers, quotes are doubled."""
    rows = [{"a": None, "b": -1.5, "c": 'say "hi", you'}, {"a": True, "b": 2, "c": "x"}]
    assert to_csv(("a", "b", "c"), rows).decode() == 'a,b,c\r\n,-1.5,"say ""hi"", you"\r\ntrue,2,x\r\n'


def test_formulas_are_defused() -> None:
    """Text that a spreadsheet would run is text after its quote; a negative number stays one."""
    risky = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "|x", "%x", " =1"]
    lines = to_csv(("v",), [{"v": text} for text in risky]).decode().split("\r\n")
    assert all(line.lstrip('"').startswith("'") for line in lines[1:9])
    assert to_csv(("=v",), []).decode() == "'=v\r\n"
