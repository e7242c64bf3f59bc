"""The collector behind the real server, on loopback."""

import gc
import json
import socket
import warnings

import httpx
import pytest
from websockets.sync.client import connect

from firstframe.edge import protocol
from firstframe.edge.serve import check, listen, server_config
from firstframe.errors import ConfigError
from firstframe.settings import Settings
from support_edge import Clerk, serving, wait_for


def test_beacon_over_a_real_connection(tmp_path):
    """What is answered with 2xx is in the journal, for plain, chunked and typeless bodies."""
    clerk = Clerk(tmp_path)
    with serving(clerk) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
        assert http.post("/v1/beacons", content=b'{"views": ["a"]}').status_code == 204
        assert http.post("/v1/beacons", content=iter([b'{"views"', b': ["b"]}'])).status_code == 204
        typed = {"Content-Type": "text/plain;charset=UTF-8"}
        assert http.post("/v1/beacons", content=b'{"views": ["c"]}', headers=typed).status_code == 204
        assert len(clerk.kept()) == 3
    assert [json.loads(each.body)["views"] for each in clerk.kept()] == [["a"], ["b"], ["c"]]


def test_socket_messages_are_beacons(tmp_path):
    """Each message is kept with path and query; broken ones are counted and disturb nobody; nothing comes back."""
    clerk = Clerk(tmp_path)
    with serving(clerk) as port, connect(f"ws://127.0.0.1:{port}/video+abc.js?tkn=t1") as player:
        player.send('{"views": ["v"]}')
        player.send("broken {")
        player.send(b"\xff\xfe")
        player.send('{"views": ["v"], "n": 2}')
        wait_for(lambda: len(clerk.kept()) == 2)
        with pytest.raises(TimeoutError):
            player.recv(timeout=0.1)
    first, second = clerk.kept()
    assert (first.path, first.query, first.route) == ("/video+abc.js", "tkn=t1", "/video+{playback_id}.js")
    assert json.loads(second.body)["n"] == 2
    assert len(clerk.app.recent_refusals) == 2


def test_socket_without_a_route_is_refused(tmp_path):
    """Only socket routes take WebSockets."""
    with serving(Clerk(tmp_path)) as port, pytest.raises(Exception, match="403"):
        connect(f"ws://127.0.0.1:{port}/v1/beacons")


def test_slow_body_is_ended(tmp_path):
    """A body that does not come is answered and costs nothing further."""
    clerk = Clerk(tmp_path, request_seconds=0.2)
    with serving(clerk) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
        slow.sendall(b"POST /v1/beacons HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
        answer = slow.recv(4_096)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"slow_body" in answer


def test_slow_and_endless_heads_are_ended(tmp_path, monkeypatch):
    """A head that does not come whole in time, or does not end, closes the connection."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    with serving(Clerk(tmp_path)) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
            slow.sendall(b"POST /v1/beacons HTTP/1.1\r\nHost")
            assert slow.recv(4_096) == b""
        with socket.create_connection(("127.0.0.1", port), timeout=10) as silent:
            assert silent.recv(4_096) == b""
        monkeypatch.setattr(protocol, "HEAD_SECONDS", 10)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as endless:
            endless.sendall(b"POST /v1/beacons HTTP/1.1\r\nHost: x\r\n")
            answer = b""
            for n in range(200):
                try:
                    endless.sendall(b"x-%d: %s\r\n" % (n, b"y" * 1_000))
                except OSError:
                    break
            try:
                answer = endless.recv(4_096)
            except ConnectionResetError:
                answer = b"HTTP/1.1 400"
    assert answer.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "head", [b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", b"nonsense\r\n\r\n", b"\x16\x03\x01\r\n\r\n"]
)
def test_nonsense_is_no_5xx(tmp_path, head):
    """Bytes that are no HTTP get a 400 or a 404."""
    with serving(Clerk(tmp_path)) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        raw.sendall(head)
        assert raw.recv(4_096)[9:10] in (b"4", b"")


def test_two_processes_can_share_a_port():
    """A second listener on the same address is possible, for several collector processes."""
    first = listen("127.0.0.1:0")
    second = listen(f"127.0.0.1:{first.getsockname()[1]}")
    first.close()
    second.close()


def test_good_settings_are_nothing_to_talk_about(caplog):
    """`serve` checks them at each start."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()  # what earlier tests left behind has warnings of its own
        warnings.simplefilter("error")
        check(Settings())
        gc.collect()
    assert caplog.records == []


def test_wrong_addresses_and_certificates_are_said(tmp_path):
    """What cannot be listened on, and TLS files that cannot be used, are configuration errors."""
    with pytest.raises(ConfigError, match="collector"):
        listen("203.0.113.1:80")
    with pytest.raises(ConfigError, match="go together"):
        server_config(None, Settings(tls_cert="x"))
    file = tmp_path / "no.pem"
    with pytest.raises(ConfigError, match="no such file"):
        server_config(None, Settings(tls_cert=str(file), tls_key=str(file)))
    file.write_text("nothing")
    with pytest.raises(ConfigError, match="no certificate"):
        server_config(None, Settings(tls_cert=str(file), tls_key=str(file)))
    file.write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    with pytest.raises(ConfigError, match="is encrypted"):
        server_config(None, Settings(tls_cert=str(file), tls_key=str(file)))
