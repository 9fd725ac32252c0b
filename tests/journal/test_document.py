"""What programs and users are shown of a write."""

import json

from journal.making import DONE_A, UNKNOWN_B, intent

from openstackoid.journal.document import began, document


def test_a_write_is_shown_without_its_token_and_its_query() -> None:
    """A query may have a secret, too."""
    one = intent(DONE_A, UNKNOWN_B, target="/v2.0/networks?secret=x", began=0.0)
    shown = document(one)
    assert "a token" not in json.dumps(shown)
    assert (shown["path"], shown["began"]) == ("/v2.0/networks", "1970-01-01T00:00:00+00:00")
    assert began(one) == shown["began"]
    assert [part["what"] for part in shown["clouds"]] == [
        "created id-of-a",
        "may have carried it out: look there",
    ]
