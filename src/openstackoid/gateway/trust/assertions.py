"""All that a gateway does with assertions: makes them, checks them, says whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from openstackoid.federation import Federation
from openstackoid.gateway.trust.accepting import Accepting
from openstackoid.gateway.trust.answering import Answering
from openstackoid.gateway.trust.home_tokens import HomeTokens
from openstackoid.gateway.trust.issuing import Issuing
from openstackoid.gateway.trust.local_keystone import LocalKeystone
from openstackoid.gateway.trust.made import Made
from openstackoid.identity.keys import Keys


@dataclass(frozen=True, slots=True)
class Assertions:
    """The three parts, with what they share: keys, and what the Keystone here says of tokens."""

    issuing: Issuing
    accepting: Accepting
    answering: Answering

    @classmethod
    def of(
        cls,
        federation: Federation,
        here: str,
        pairs: Sequence[Keys],
        keystone: LocalKeystone,
        tokens: HomeTokens,
        made: Made,
    ) -> "Assertions":
        """Return the assertions of the cloud `here`, by its pairs of keys."""
        keys = tuple(pair.assertion for pair in pairs if pair.assertion is not None)
        accepting = Accepting(federation, here, keys, tokens, made)
        return cls(
            Issuing(federation, here, keys, tokens, accepting.stamped),
            accepting,
            Answering(federation, here, accepting, tokens, keystone, keys),
        )
