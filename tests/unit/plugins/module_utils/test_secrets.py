# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known to be secret is in no text; what cannot be sent is told without it."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from ansible_collections.mtv.teardown.plugins.module_utils import _credentials, _secrets
from ansible_collections.mtv.teardown.plugins.module_utils._errors import ApiError, RecordError
from ansible_collections.mtv.teardown.tests.unit.plugins.build import obj, session

SECRET = 'hu%sh "hé\n&<k> s/h'


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_secrets, "_known", _secrets.Known())


@pytest.mark.parametrize(
    "form",
    [
        lambda text: text,
        repr,
        json.dumps,
        lambda text: quote(text, safe=""),
        quote_plus,
        html.escape,
        lambda text: repr(text.encode()),
        lambda text: " ".join(text.split()),
        lambda text: f"two\nlines {text.splitlines()[0]}",
    ],
)
def test_a_secret_is_taken_out_in_every_form(form: Callable[[str], str]) -> None:
    _secrets.keep(SECRET)
    text = _secrets.without(f"Invalid header value {form(SECRET)}, it says")
    assert "hu%sh" not in text and "hu%25sh" not in text and "***" in text and text.endswith(", it says")


def test_errors_take_secrets_out_before_they_are_cut() -> None:
    _secrets.keep("x" * 200 + "-tail")
    error = ApiError("no: " + "x" * 200 + "-tail", told="y " + "x" * 200 + "-tail")
    assert error.msg == "no: ***" and str(error) == "no: ***" and error.details["told"] == "y ***"
    assert _secrets.one_line("a" * 250 + "x" * 200 + "-tail") == "a" * 250 + "***"


@pytest.mark.parametrize("url", ["https://me:pass@host/sdk", "https://me@host/sdk", "https://me:p@ss:w/d@host/sdk"])
def test_nobody_sees_the_user_of_a_url(url: str) -> None:
    assert _secrets.without(f"cannot reach {url}: gone") == "cannot reach https://***@host/sdk: gone"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"password": "p-1", "user": "me"}, {"p-1"}),
        ({"auth": {"application_credential_secret": "s-1", "application_credential_id": "i"}}, {"s-1"}),
        ({"users": [{"user": {"token": "t-1", "tokenFile": "/t", "client-key-data": "k-1"}}]}, {"t-1", "k-1"}),
        ({"password": 12345, "token": True}, {"12345"}),
        ({"proxy": "http://me:pw-1@proxy:3128"}, {"pw-1"}),
        ({"kubeconfig": "users:\n- user:\n    token: t-2\n    password: 'p 2'\n"}, {"t-2", "p 2"}),
        ({"resources": '{"vsphere": {"password": "p-3", "type": "x"}}'}, {"p-3"}),
        ({"resources": '{"Secret": [{"name": "auto-ab12-secret", "test_name": "test_token: x"}]}'}, set()),
        ({"resources_file": "/a/token", "api_key": None, "auth_type": "v3token"}, set()),
    ],
)
def test_secrets_are_known_by_the_names_under_which_they_stand(given: Any, found: set[str]) -> None:
    assert _secrets.secrets_in(given) == found


def test_the_place_of_an_object_is_no_name_of_a_secret() -> None:
    """A uid that is taken for one is blotted out of the whole result."""
    noted = obj("Secret", "auto-ab12-token", "shared-vms")
    handed_on = session().learned(
        identities={noted.address: noted.uid}, lineage={"vc-1/VirtualMachine/password-vm": "test_x"}
    )
    assert noted.address.endswith("auto-ab12-token")
    assert _secrets.secrets_in({"session": handed_on.as_dict()}) == set()


def test_names_in_a_result_stay_whole() -> None:
    """A password of three letters must not blot out every name that holds them."""
    _secrets.keep("abc")
    result = {"deleted": [{"name": "abc-1", "uid": "abc", "reason": "abc is wrong"}], "summary": ["an abc"]}
    assert _secrets.shown(result) == {
        "deleted": [{"name": "abc-1", "uid": "abc", "reason": "*** is wrong"}],
        "summary": ["an ***"],
    }


@pytest.mark.parametrize("value", ["t.o-k_e~n==", " t \n", "\tt\r\n"])
def test_white_space_around_a_token_is_no_part_of_it(value: str) -> None:
    assert _credentials.token(value, "api_key") == value.strip()
    assert _credentials.authorization(f"Bearer {value}", "api_key") == f"Bearer {value.strip()}"


@pytest.mark.parametrize("value", ["hush\nhush", "hush\rhush", "hush\0hush", "hush hush", "hush-é", "hush-\ud800"])
def test_a_token_that_cannot_be_sent(value: str) -> None:
    for check in (_credentials.token, _credentials.authorization):
        with pytest.raises(RecordError, match="api_key") as caught:
            check(f"Bearer {value}" if check is _credentials.authorization else value, "api_key")
        assert "hush" not in str(caught.value)


@pytest.mark.parametrize("value", ["", " \n", "\n"])
def test_a_blank_token(value: str) -> None:
    with pytest.raises(RecordError, match="api_key is blank"):
        _credentials.token(value, "api_key")


@pytest.mark.parametrize(("value", "sent"), [("p %s ", "p %s "), ("pé€\n", "pé€"), ("p\r\n", "p"), ("p\tq", "p\tq")])
def test_only_one_line_break_is_taken_off_a_password(value: str, sent: str) -> None:
    assert _credentials.password(value, "password") == sent


@pytest.mark.parametrize("value", ["hush\n\n", "hush\nx", "hush\rx", "hush\0", "hush\x1b", "hush\udcff"])
def test_a_password_that_cannot_be_sent(value: str) -> None:
    with pytest.raises(RecordError, match="the password") as caught:
        _credentials.password(value, "the password")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("value", ["a\nb: c", "a\rb", "a\0", "a€"])
def test_a_header_that_cannot_be_sent(value: str) -> None:
    with pytest.raises(RecordError, match="impersonate_user"):
        _credentials.header(value, "impersonate_user")
    assert _credentials.header(" me é\n", "impersonate_user") == "me é"
