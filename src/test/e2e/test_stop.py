"""A gateway that is told to stop: what runs may end, what comes is sent away, and every call has its row."""

import http.client
import json
import shutil
import signal
import socket
import threading
import time
import urllib.parse

import pytest
from conftest import Gateway, scratch, wait_until


@pytest.fixture
def stoppable(scripted):
    """A gateway of this test alone, all of whose calls go to the upstream that does as it is told."""
    folder = scratch()
    server = Gateway(folder, scripted.port)
    yield server
    server.stop()
    shutil.rmtree(folder)


class Call(threading.Thread):
    """One streamed chat that takes as long as it is told."""

    def __init__(self, base_url, plan):
        super().__init__(daemon=True)
        self.url = urllib.parse.urlsplit(base_url)
        self.body = json.dumps(
            {
                "model": "gpt-4o-mini",
                "stream": True,
                "messages": [{"role": "user", "content": f"scripted{{{plan}}}"}],
            }
        )
        self.text = b""
        self.start()

    def run(self):
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=60)
        connection.request("POST", self.url.path + "/chat/completions", self.body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        while part := answer.read1(65536):
            self.text += part
        connection.close()


def test_a_stop_lets_streams_end_and_sends_new_calls_away(stoppable):
    url = urllib.parse.urlsplit(stoppable.base_url)
    assert stoppable.command("slm", "off").returncode == 0
    streams = [Call(stoppable.base_url, "events=30,gap=100") for _ in range(4)]
    wait_until(lambda: all(b"word1 " in one.text for one in streams), 20, "streams under way")
    waiting = socket.create_connection((url.hostname, url.port), timeout=20)
    stoppable.child.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    waiting.sendall(b"GET /v1/models HTTP/1.1\r\nhost: gateway\r\n\r\n")
    told = waiting.makefile("rb").read()  # to its end: the connection is closed
    assert told.startswith(b"HTTP/1.1 503"), told
    assert b"connection: close" in told.lower()
    assert b'"code":"server_is_overloaded"' in told
    for one in streams:
        one.join(30)
        assert one.text.endswith(b"data: [DONE]\n\n"), one.text[-300:]
        assert b"word29 " in one.text
    stoppable.child.wait(20)
    stoppable.start_again()
    assert stoppable.settled() == len(streams)
    assert not stoppable.api("/api/slm")["enabled"], "the switch was forgotten"
    assert "small models are switched off" in stoppable.text()
