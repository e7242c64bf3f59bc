"""What a URL says about the media behind it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstframe.enrich import url as urls

CID_0 = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKxRKG"
CID_1 = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
TRANSACTION = "bNbA3TEQVL60xlgCcqdz4ZPHFZ711cZ3hmkpGttDt_U"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Video.Example:8443/a/b.mp4?x=1", "video.example"),
        ("//cdn.example/a", "cdn.example"),
        ("blob:https://page.example/uuid", "page.example"),
        ("https://user:secret@cdn.example/a", "cdn.example"),
        ("https://[::1]:80/a", "::1"),
        ("https://[broken/a", None),
        ("video.mp4", None),
        ("", None),
        (None, None),
    ],
)
def test_host(url, host):
    """The host comes out lower case, without port and credentials, and None where there is none."""
    assert urls.host_of(url) == host


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("https://a.example/v.mp4?tkn=abc#t=3", "https://a.example/v.mp4"),
        ("https://user:secret@a.example:81/v.mp4", "https://a.example:81/v.mp4"),
        ("/v.mp4?tkn=1", "/v.mp4"),
        ("https://[broken/a?token=1", "https://[broken/a"),
        ("data:video/mp4;base64,AAAA", None),
        (" ", None),
        (None, None),
    ],
)
def test_without_query(url, bare):
    """What follows the path is dropped, and so are credentials."""
    assert urls.without_query(url) == bare


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (
            "https://vod-cdn.lp-playback.studio/raw/u/catalyst-vod-com/hls/43iobuemjjbbrln9/static360p0.mp4",
            "43iobuemjjbbrln9",
        ),
        ("https://livepeercdn.studio/hls/abcdefgh12345678/index.m3u8", "abcdefgh12345678"),
        ("https://livepeercdn.studio/hls/video+abcdefgh12345678/0_1/index.m3u8", "abcdefgh12345678"),
        ("https://livepeercdn.studio/hls/abcdefgh12345678/0_1/index.m3u8", "abcdefgh12345678"),
        ("https://livepeercdn.studio/webrtc/video+abcdefgh12345678", "abcdefgh12345678"),
        ("https://livepeercdn.studio/webrtc/abcdefgh12345678", "abcdefgh12345678"),
        (
            "https://livepeercdn.studio/recordings/bd600224-d93a-4ddc-a6ac-2d71e3c36768/index.m3u8",
            "bd600224-d93a-4ddc-a6ac-2d71e3c36768",
        ),
        ("https://cdn.example/hls/live/news/index.m3u8", "news"),
        ("https://cdn.example/hls/index.m3u8", None),
        (
            "https://stream.mux.com/DS00Spx1CV902MCtPj5WknGlR102V5HFkDe.m3u8",
            "DS00Spx1CV902MCtPj5WknGlR102V5HFkDe",
        ),
        ("https://stream.mux.com/DS00Spx1CV/high.mp4", "DS00Spx1CV"),
        ("https://cdn.example/video.mp4", None),
        (f"https://ipfs.io/ipfs/{CID_0}", None),
        ("", None),
        (None, None),
    ],
)
def test_playback_id(url, found):
    """Livepeer's and Mux's addresses hold the id of the video; other addresses hold none."""
    assert urls.playback_id(url) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"ipfs://{CID_1}/video.mp4", CID_1),
        (f"ipfs://ipfs/{CID_0}", CID_0),
        (f"ar://{TRANSACTION}", TRANSACTION),
        (f"https://ipfs.io/ipfs/{CID_0}/a.mp4?x=1", CID_0),
        (f"https://{CID_1}.ipfs.dweb.link/video.mp4", CID_1),
        (f"https://{CID_1}.ipfs.w3s.link", CID_1),
        (f"https://arweave.net/{TRANSACTION}", TRANSACTION),
        (f"https://arweave.net/raw/{TRANSACTION}", TRANSACTION),
        (f"https://xyz.arweave.net/{TRANSACTION}/video.mp4", TRANSACTION),
        (CID_0, CID_0),
        (CID_1, CID_1),
        (TRANSACTION, TRANSACTION),
        (f"https://cdn.example/{TRANSACTION}/video.mp4", None),
        ("https://ipfs.io/ipfs/not-a-cid", None),
        ("https://cdn.example/video.mp4", None),
        ("43iobuemjjbbrln9", None),
        ("https://[broken", None),
        ("", None),
        (None, None),
    ],
)
def test_dstorage_id(text, found):
    """CIDs and transaction ids are found in their own URLs, in gateways' URLs and bare, and nowhere else."""
    assert urls.dstorage_id(text) == found


def test_dstorage_url_names_the_network():
    """An id is given back as the URL of its network, and that URL names the same id."""
    assert urls.dstorage_url(CID_1) == f"ipfs://{CID_1}"
    assert urls.dstorage_url(TRANSACTION) == f"ar://{TRANSACTION}"
    assert urls.dstorage_id(urls.dstorage_url(TRANSACTION)) == TRANSACTION


@pytest.mark.parametrize(
    ("url", "mime", "protocol"),
    [
        ("https://a.example/v.m3u8?x=.mp4", None, "hls"),
        ("https://a.example/v.mpd", None, "dash"),
        ("https://a.example/v.ism/Manifest", None, "smooth"),
        ("https://a.example/v.MP4", None, "progressive"),
        ("https://a.example/webrtc/id", None, "webrtc"),
        ("rtmp://a.example/live", None, "rtmp"),
        ("https://a.example/v", "application/vnd.apple.mpegurl", "hls"),
        ("https://a.example/v.mp4", "application/dash+xml", "dash"),
        ("https://a.example/v", "video/mp4; codecs=avc1", "progressive"),
        ("https://a.example/v", "text/plain", None),
        ("https://a.example/v", None, None),
        (None, None, None),
    ],
)
def test_protocol(url, mime, protocol):
    """The MIME type decides, then the scheme, the path and its suffix."""
    assert urls.protocol_of(url, mime) == protocol


@given(st.text() | st.from_regex(r"(https?|blob|ipfs|ar)://[\[\]@:/?#a-zA-Z0-9%.]{0,40}", fullmatch=True))
def test_any_text_is_fine(text):
    """No text makes any of these functions raise."""
    for function in (urls.host_of, urls.without_query, urls.playback_id, urls.dstorage_id, urls.protocol_of):
        assert isinstance(function(text), str | None)
