"""Services of other clouds that users of a cloud cannot reach, and the line that lets them."""

import pytest

from openstackoid.federation import loads
from openstackoid.federation.lacking import lacking

OTHERS = """\
  Two:
    frontends:
      identity: https://two:5000
      block-storage: https://two:8776/volume
  Three:
    frontends: {identity: "https://three/identity", cinder: "https://three/volume"}
"""


@pytest.mark.parametrize(
    ("frontends", "line"),
    [
        # a port each: that of the other cloud
        ("identity: http://one:5000\n      image: http://one:9292", "http://one:8776/volume"),
        ("identity: https://one:5000", "https://one:8776/volume"),
        ("identity: http://[fd00::1]:5000", "http://[fd00::1]:8776/volume"),
        # the port is taken: by a frontend, by a backend
        ("identity: http://one:5000\n      image: http://one:8776",
         "http://one:5000/block-storage"),
        ("identity: http://127.0.0.1:5000", "http://127.0.0.1:5000/block-storage"),
        # paths at one port
        ("identity: http://one/identity", "http://one/block-storage"),
        ("identity: http://one:8888\n      image: http://one:8888/image",
         "http://one:8888/block-storage"),
        ("network: http://one:9696\n      identity: http://one/identity\n"
         "      image: http://one/image", "http://one/block-storage"),
    ],
)  # fmt: skip
def test_a_missing_frontend_is_named_with_an_address_in_the_way_of_the_others(
    frontends: str, line: str
) -> None:
    """Once for each service; with it the file is one that can be used, and nothing is missing."""
    text = f"""\
clouds:
  One:
    backends: {{identity: "http://127.0.0.1:8776"}}
    frontends:
      identity: http://one/identity
{OTHERS}""".replace("identity: http://one/identity", frontends, 1)
    (lack,) = lacking(loads(text), "One")
    assert (lack.service, lack.clouds, str(lack.frontend)) == (
        "block-storage",
        ("Two", "Three"),
        line,
    )
    added = f"{frontends}\n      {lack.service}: {lack.frontend}"
    assert not list(lacking(loads(text.replace(frontends, added)), "One"))


def test_what_this_cloud_alone_has_is_not_missing() -> None:
    """Nor what it passes on already."""
    text = (
        "clouds:\n  One: {frontends: {identity: 'http://one/identity', dns: 'http://one/dns', "
        "volumev3: 'http://one/volume'}, backends: {identity: 'http://127.0.0.1:5000'}}\n" + OTHERS
    )
    assert not list(lacking(loads(text), "One"))
