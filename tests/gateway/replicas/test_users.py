"""What this cloud's Keystone says of who orders and asks."""

import pytest
from gateway.played import TOKEN
from gateway.replicas.playing import ALICE, ONE, Replicas

from openstackoid.gateway.replicas.users import Users
from openstackoid.routing import Refusal


def users(replicas: Replicas) -> Users:
    return replicas.keeping[ONE].replicator.users


async def test_a_user_is_known_by_his_token(replicas: Replicas) -> None:
    """Whether he orders or asks."""
    route = users(replicas).route("compute", "/v2.1/flavors")
    assert await users(replicas).asking(TOKEN) == ALICE
    assert await users(replicas).ordering(TOKEN, "POST", "/v2.1/flavors", route) == ALICE


async def test_who_is_not_known_is_told_where_to_log_in(replicas: Replicas) -> None:
    """And an unreachable Keystone is no refusal."""
    replicas.keystones[ONE].document, replicas.keystones[ONE].status = {}, "404 Not Found"
    with pytest.raises(Refusal, match="log in to CloudOne") as refused:
        await users(replicas).asking("unknown")
    assert refused.value.status == 401
    replicas.clouds.file.with_name("account.yaml").unlink()
    replicas.keeping[ONE].reload()
    route = users(replicas).route("compute", "/")
    with pytest.raises(Refusal) as refused:
        await users(replicas).asking("another")
    assert refused.value.status == 503
    with pytest.raises(Refusal) as refused:
        await users(replicas).ordering("another", "POST", "/", route)
    assert refused.value.status == 503
