"""The switch for all small models, as a person at a terminal moves it."""

import urllib.error

import pytest
from conftest import fetch

# A small model by its own name, which nobody else may stand in for.
CALL = {"model": "starter", "max_tokens": 4, "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def switched_on_again(gateway):
    yield
    assert gateway.command("slm", "on").returncode == 0


def test_small_models_are_switched_off_and_on_by_a_command(gateway, switched_on_again):
    url = gateway.base_url + "/chat/completions"
    assert gateway.command("slm", "status").stdout.startswith("small models are on")
    off = gateway.command("slm", "off")
    assert off.returncode == 0, off.stderr
    assert off.stdout.startswith("small models are off, by admin since 20")
    with pytest.raises(urllib.error.HTTPError) as denied:
        fetch(url, body=CALL)
    assert denied.value.code == 403
    assert "no_eligible_model" in denied.value.read().decode()
    assert not gateway.api("/api/summary")["slm"]["enabled"]
    assert '"switch":"off"' in str(fetch(gateway.people_url + "/q/health/ready")).replace("'", '"').replace(": ", ":")
    on = gateway.command("slm", "on")
    assert on.stdout.startswith("small models are on, by admin since 20")
    assert fetch(url, body=CALL)["model"] == "starter"
