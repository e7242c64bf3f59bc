"""Files of assets: what is read, what is refused, what the engine then holds."""

import pytest

from firstframe.errors import BadRequest
from firstframe.metrics.asset import Asset, list_assets
from firstframe.metrics.asset_import import import_assets, read_assets
from support_question import wait

EXPECTED = [
    Asset(playback_id="v1", asset_id="a1", title="One, two", duration_ms=1500, tags={"genre": "news"}),
    Asset(playback_id="v2", creator_id="dora", dstorage_url="ipfs://x"),
]
CSV = """playback_id,assetId,title,duration_ms,creatorId,dstorage_url,tags.genre
v1,a1,"One, two",1500,,,news
v2,,,,dora,ipfs://x,
"""
JSONL = """{"playbackId": "v1", "asset_id": "a1", "name": "One, two", "duration_ms": 1500, "tags": {"genre": "news"}}

{"playback_id": "v2", "creator_id": "dora", "dStorageUrl": "ipfs://x", "title": null}
"""


@pytest.mark.parametrize(("name", "text"), [("a.csv", CSV), ("a.jsonl", JSONL), ("b.csv", "\ufeff" + CSV)])
def test_both_formats(tmp_path, name, text):
    """CSV and JSON lines hold the same; blanks are unknown, columns of tags are tags."""
    file = tmp_path / name
    file.write_text(text)
    assert list(read_assets(file)) == EXPECTED


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("a.txt", "", "neither .csv nor .jsonl"),
        ("a.csv", "playback_id,shoe\nv1,9\n", "line 2 names 'shoe'"),
        ("a.csv", "playback_id,title\nv1\n", "line 2 has not as many"),
        ("a.csv", "playback_id,title\n,x\n", "line 2"),
        ("a.csv", "playback_id,duration_ms\nv1,long\n", "line 2"),
        ("a.csv", "playback_id,duration_ms\nv1,-5\n", "line 2"),
        ("a.csv", "playback_id,title,name\nv1,a,b\n", "line 1 names 'title' twice"),
        ("a.jsonl", '{"playback_id": "v1"}\n{', "line 2 is no JSON"),
        ("a.jsonl", "[]", "line 1 is no JSON object"),
        ("a.jsonl", '{"title": "x"}', "line 1"),
    ],
)
def test_refusals_name_the_line(tmp_path, name, text, word):
    """What is wrong, and where."""
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(BadRequest, match=word):
        list(read_assets(file))


def test_a_missing_file(tmp_path):
    """A file that is not there is said so."""
    with pytest.raises(BadRequest, match="cannot be read"):
        list(read_assets(tmp_path / "none.csv"))


@pytest.mark.engine
def test_a_file_is_kept_whole_or_not_at_all(engine, tmp_path):
    """After an import the assets can be listed; a later one replaces; a bad line leaves all as it was."""
    file = tmp_path / "a.csv"
    file.write_text(CSV)
    assert import_assets(engine, "default", file, 1) == 2
    assert wait(engine, lambda wrapped: list_assets(wrapped, "default")) == EXPECTED
    file.write_text("playback_id,title\nv2,New\n")
    assert import_assets(engine, "default", file, 2) == 1
    assert wait(engine, lambda wrapped: list_assets(wrapped, "default"))[1].title == "New"
    file.write_text("playback_id,title\nv3,Three\n,x\n")
    with pytest.raises(BadRequest):
        import_assets(engine, "default", file, 3)
    assert len(wait(engine, lambda wrapped: list_assets(wrapped, "default"))) == 2
