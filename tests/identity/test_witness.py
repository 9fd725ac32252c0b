"""What is written down of a user who orders something that is carried out later."""

from typing import Any

import pytest

from openstackoid.identity.token_document import Distrust
from openstackoid.identity.witness import document_of, read, text_of, witness_of


def token(**more: object) -> dict[str, Any]:
    domain = {"id": "default", "name": "Default"}
    return {
        "token": {
            "user": {"id": "u", "name": "alice", "domain": domain},
            "project": {"id": "p", "name": "demo", "domain": domain},
            "roles": [{"id": "r", "name": "member"}],
            **more,
        }
    }


def test_it_is_read_as_it_was_written() -> None:
    """In the place of a token, which never looks like it."""
    witness = witness_of(token(application_credential={"id": "c"}))
    assert witness.credential == "c"
    text = text_of(witness)
    assert " " in text
    assert read(text) == witness
    assert read("gAAAAAB-a-token") is None


def test_its_document_is_one_of_a_token() -> None:
    """Which services take for that of their user."""
    document = document_of(witness_of(token()), "then", "later")
    given = document["token"]
    assert (given["user"], given["project"], given["roles"]) == tuple(
        token()["token"][key] for key in ("user", "project", "roles")
    )
    assert (given["issued_at"], given["expires_at"]) == ("then", "later")


@pytest.mark.parametrize(
    "more",
    [
        {"OS-TRUST:trust": {"id": "t"}},
        {"OS-OAUTH1": {"id": "t"}},
        {"project": {}},
        {"user": {"id": "u"}},
        {"application_credential": {}},
        {"roles": [{"id": "r"}]},
    ],
)
def test_a_token_that_is_not_its_users_own_is_refused(more: dict[str, object]) -> None:
    """Nobody could say later whether he still may."""
    with pytest.raises(Distrust):
        witness_of(token(**more))
