"""The service that a sender says it means, where the table of routes does not say enough."""

import pytest

from openstackoid.federation import Federation
from openstackoid.message import Headers
from openstackoid.routing import Refusal
from openstackoid.routing.meant import check_meant

FEDERATION = Federation.model_validate(
    {"clouds": {"One": {"frontends": {"image": "http://one/image", "ledger": "http://one/ledger"}}}}
)


def check(*values: str, service: str = "image", sender: str | None = None) -> None:
    """Check headers with these values at a service of One."""
    headers = Headers([("X-Scope-Service", value) for value in values])
    check_meant(headers, service, FEDERATION, "One", sender)


@pytest.mark.parametrize("values", [(), ("image",), ("glance",), ("IMAGE",)])
def test_the_service_itself_passes_and_so_does_silence(values: tuple[str, ...]) -> None:
    """By any of its names."""
    check(*values)


@pytest.mark.parametrize(
    "value", ["gAAAAABsecret", "image\x1b[2J", "a" * 65, "../image", "image,image", "*", "\udcff"]
)
def test_what_names_no_service_is_not_shown(value: str) -> None:
    """It may be a token, or what a terminal acts on."""
    with pytest.raises(Refusal, match="names no service that is known here") as refused:
        check(value)
    assert value not in refused.value.message
    assert (refused.value.status, refused.value.sent) == (400, False)


def test_the_message_says_whose_the_fault_may_be() -> None:
    """Another cloud's answer, or the federation file of the gateway that sent it."""
    with pytest.raises(Refusal, match=r"ledger service of One, .* says image; .*another cloud has"):
        check("image", service="ledger")
    with pytest.raises(Refusal, match="says ledger; compare the federation files of Two and One"):
        check("ledger", sender="Two")
