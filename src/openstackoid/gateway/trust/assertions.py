"""All that a gateway does with assertions: makes them, checks them, says whose they are.

And asks whether those of others still stand, and says so of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from openstackoid.federation import Federation
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.trust.accepting import Accepting
from openstackoid.gateway.trust.answering import Answering
from openstackoid.gateway.trust.asking import Asking
from openstackoid.gateway.trust.confirming import Confirming
from openstackoid.gateway.trust.home_tokens import HomeTokens
from openstackoid.gateway.trust.issuing import Issuing
from openstackoid.gateway.trust.local_keystone import LocalKeystone
from openstackoid.gateway.trust.made import Made
from openstackoid.gateway.trust.standing import Standing
from openstackoid.identity.keys import Keys


@dataclass(frozen=True, slots=True)
class Assertions:
    """The parts, with what they share: keys, and what the Keystone here says of tokens."""

    issuing: Issuing
    accepting: Accepting
    answering: Answering
    asking: Asking
    standing: Standing

    @classmethod
    def of(
        cls,
        federation: Federation,
        here: str,
        pairs: Sequence[Keys],
        keystone: LocalKeystone,
        tokens: HomeTokens,
        made: Made,
        upstream: Upstream,
        confirming: Confirming,
    ) -> "Assertions":
        """Return the assertions of the cloud `here`, by its pairs of keys.

        `confirming` is what outlives the federation file.
        """
        keys = tuple(pair.assertion for pair in pairs if pair.assertion is not None)
        accepting = Accepting(federation, here, keys, tokens, made, confirming)
        return cls(
            Issuing(federation, here, keys, tokens, accepting.stamped, confirming),
            accepting,
            Answering(federation, here, accepting, tokens, keystone, keys, confirming),
            Asking(federation, here, upstream),
            Standing(here, keys, tokens),
        )
