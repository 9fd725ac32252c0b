"""The gateway's own account in its cloud's Keystone."""

import asyncio
import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gateway.backend import Answer, Connection, Received, json_answer, saying
from gateway.credentials import reload
from gateway.keystone import OWN, SECRET, Keystone, answering, message, validate
from gateway.played import Clouds
from gateway.probe import Probe
from gateway.trust.clock import Clock

from openstackoid.gateway.forwarding import health
from openstackoid.gateway.trust import remembered, service_account
from openstackoid.gateway.trust.service_account import PAUSE, AccountError, ServiceAccount, read

PATH = "/v3/projects/a"


def logging_in(clouds: Clouds, answer: Answer) -> list[str]:
    """Let CloudTwo's Keystone answer logins like this; return what it has got."""
    asked: list[str] = []

    async def counted(received: Received, connection: Connection) -> None:
        asked.append(received.line)
        await answer(received, connection)

    clouds.backends["CloudTwo"]["identity"].answer = counted
    return asked


async def test_a_token_that_was_revoked_is_replaced_once(
    account: ServiceAccount, here: Keystone
) -> None:
    """However many requests have just been sent with it."""
    await account.asked(PATH)
    here.good = f"{OWN}-2"
    answers = await asyncio.gather(*(account.asked(f"{PATH}{n}") for n in range(20)))
    assert {status for status, _ in answers} == {200}
    assert len(here.logins) == 2


async def test_a_token_that_is_never_taken_is_told(
    clouds: Clouds, account: ServiceAccount, here: Keystone
) -> None:
    """It is not asked for without end."""
    answering(clouds, here, json_answer("{}", "401 Unauthorized"))
    assert await account.asked(PATH) == (401, {})
    assert len(here.logins) == 2


async def test_a_token_that_is_about_to_end_is_not_used(
    account: ServiceAccount, here: Keystone
) -> None:
    """It could end on its way."""
    here.expires = (datetime.now(UTC) + timedelta(seconds=59)).isoformat()
    await account.asked(PATH)
    await account.asked(PATH)
    assert len(here.logins) == 2


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
async def test_a_wrong_password_is_not_tried_for_each_request(
    clouds: Clouds,
    account: ServiceAccount,
    here: Keystone,
    monkeypatch: pytest.MonkeyPatch,
    status: str,
) -> None:
    """Keystone would lock the user; the error names the file, and quotes nothing of it."""
    clock = Clock(monkeypatch, remembered)
    asked = logging_in(clouds, json_answer("{}", status))
    for elapsed, logins in ((0, 1), (1, 1), (PAUSE - 1, 1), (PAUSE, 2)):
        clock.now = elapsed
        match = rf"{status[:3]} to the login of .*account.yaml; it is asked again after 60 s"
        with pytest.raises(AccountError, match=match) as caught:
            await account.asked(PATH)
        assert SECRET not in str(caught.value)
        assert len(asked) == logins


async def test_many_requests_try_a_wrong_password_once(
    clouds: Clouds, account: ServiceAccount, here: Keystone
) -> None:
    """Also those that come before the first of them is answered."""
    asked = logging_in(clouds, json_answer("{}", "401 Unauthorized"))
    tries = (account.asked(PATH) for _ in range(20))
    errors = await asyncio.gather(*tries, return_exceptions=True)
    assert {type(error) for error in errors} == {AccountError}
    assert len(asked) == 1


async def test_a_password_that_was_corrected_is_tried_at_once(
    clouds: Clouds, account: ServiceAccount, here: Keystone, tmp_path: Path
) -> None:
    """Nobody waits, or has to reload the gateway; the wrong one stays refused beside it."""
    logging_in(clouds, json_answer("{}", "401 Unauthorized"))
    with pytest.raises(AccountError):
        await account.asked(PATH)
    clouds.backends["CloudTwo"]["identity"].answer = here
    with pytest.raises(AccountError):
        await account.asked(PATH)
    assert here.logins == []
    file = tmp_path / "account.yaml"
    file.write_text(file.read_text().replace(SECRET, "another"))
    assert (await account.asked(PATH))[0] == 200


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (json_answer("{}", "503 Service Unavailable"), "Keystone answered 503 to the login of"),
        (json_answer("{}", "201 Created"), "an answer that is none of its own"),
        (json_answer("[]", "201 Created", "X-Subject-Token: t"), "none of its own"),
        (json_answer('{"token": {}}', "201 Created", "X-Subject-Token: t"), "none of its own"),
        (json_answer('{"token": {"expires_at": 1}}', "201 Created", "X-Subject-Token: t"), "none"),
        (
            json_answer('{"token": {"expires_at": "2099-01-01T00:00:00Z"}}', "201 Created"),
            "none of its own",
        ),
        (saying(b"no HTTP at all\r\n\r\n"), "cannot read"),
    ],
)
async def test_other_answers_to_a_login_are_not_remembered(
    clouds: Clouds, account: ServiceAccount, here: Keystone, answer: Answer, why: str
) -> None:
    """They say nothing about the password: the next request finds a Keystone that is well again."""
    logging_in(clouds, answer)
    with pytest.raises(AccountError, match=why) as caught:
        await account.asked(PATH)
    assert str(caught.value).startswith("the gateway of CloudTwo cannot ask its Keystone: ")
    clouds.backends["CloudTwo"]["identity"].answer = here
    assert (await account.asked(PATH))[0] == 200


async def test_a_keystone_that_is_down_is_told(clouds: Clouds, account: ServiceAccount) -> None:
    """Nobody is believed meanwhile."""
    await clouds.backends["CloudTwo"]["identity"].stop()
    with pytest.raises(AccountError, match="could not be reached"):
        await account.asked(PATH)


def test_an_account_is_read(tmp_path: Path) -> None:
    """Two keys, or three."""
    file = tmp_path / "account.yaml"
    file.touch(0o600)
    for more in ({}, {"user_domain_name": "é"}):
        wanted = {"username": "a", "password": "b: c", **more}
        file.write_text("".join(f"{key}: '{value}'\n" for key, value in wanted.items()))
        assert read(file, "CloudTwo") == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "[username, password]",
        "{username: a}",
        f"{{password: {SECRET}}}",
        f"{{username: a, password: {SECRET}, project: b}}",
        f"{{username: '', password: {SECRET}}}",
        f"{{username: 1, password: {SECRET}}}",
        f"{{username: [a], password: {SECRET}}}",
        f"{{username: a, password: {SECRET}",
        f"{{username: a, password: {SECRET}, password: {SECRET}}}",
        f"{{username: a, password: {SECRET}\udcff}}",
    ],
)
def test_a_file_that_is_no_account_is_not_quoted(tmp_path: Path, text: str) -> None:
    """The error names the file and says what has to be in it."""
    file = tmp_path / "account.yaml"
    file.touch(0o600)
    file.write_bytes(os.fsencode(text))
    with pytest.raises(AccountError, match="must be YAML with username and password") as caught:
        read(file, "CloudTwo")
    assert str(file) in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o601, 0o777])
def test_a_file_for_everyone_is_not_used(tmp_path: Path, mode: int) -> None:
    """Whatever it is that others may do with it."""
    file = tmp_path / "account.yaml"
    file.write_text(f"{{username: a, password: {SECRET}}}")
    file.chmod(mode)
    with pytest.raises(AccountError, match="make it yours: chmod 600"):
        read(file, "CloudTwo")


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    """With its path, or with the key that would name one."""
    with pytest.raises(AccountError, match=r"nothing\.yaml can't be read: No such file"):
        read(tmp_path / "nothing.yaml", "CloudTwo")
    with pytest.raises(AccountError, match=r"clouds\.CloudTwo\.own\.account is missing"):
        read(None, "CloudTwo")


async def test_the_account_logs_in_as_a_reader_on_the_system(
    clouds: Clouds, here: Keystone
) -> None:
    """With the file's name and password, and again once its token is not taken any more."""
    await validate(clouds)
    (login,) = here.logins
    user = login["auth"]["identity"]["password"]["user"]
    assert user == {"name": "gateway", "password": SECRET, "domain": {"name": "Default"}}
    assert login["auth"]["scope"] == {"system": {"all": True}}
    here.good = "another"
    await reload(clouds)
    assert (await validate(clouds)).status == 200


async def test_without_an_account_the_log_says_what_to_write(
    clouds: Clouds, home: Keystone, logged: io.StringIO
) -> None:
    """Nobody is believed as long as nobody can look up the project; users are not told why."""
    del clouds.document["clouds"]["CloudTwo"]["own"]["account"]
    await reload(clouds)
    answered = await validate(clouds)
    assert answered.status == 503
    assert "own.account" not in message(answered)
    assert "clouds.CloudTwo.own.account is missing" in logged.getvalue()


async def test_an_account_that_is_none_is_not_quoted(
    clouds: Clouds, home: Keystone, here: Keystone, tmp_path: Path, logged: io.StringIO
) -> None:
    """The log says what the file must have, and users not even where it is."""
    account = tmp_path / "account.yaml"
    account.write_text(f"password: {SECRET}\n")
    answered = await validate(clouds)
    assert answered.status == 503
    assert "must be YAML with username and password" in logged.getvalue()
    account.chmod(0o604)
    assert str(account) not in message(await validate(clouds))
    assert "can be read by everyone" in logged.getvalue()
    assert SECRET not in logged.getvalue()


async def test_an_account_s_token_that_was_revoked_is_replaced(
    account: ServiceAccount, here: Keystone
) -> None:
    """Else no service could ask whose a token is, until the account's would have ended."""
    here.status = "200 OK"
    assert await account.answered("/v3/auth/tokens", "a-service-s-own") == 200
    here.status = "404 Not Found"
    assert await account.answered("/v3/auth/tokens", "a-service-s-own") == 404
    assert len(here.logins) == 2


async def until_it_answers(account: ServiceAccount) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await account.asked(PATH)
            except AccountError:
                await asyncio.sleep(0.01)
            else:
                return


def hanging(clouds: Clouds, here: Keystone) -> list[str]:
    """Let CloudTwo's Keystone answer nobody; return a list that gets what it is asked."""
    asked: list[str] = []

    async def hang(received: Received, connection: Connection) -> None:
        asked.append(received.line)
        await connection.reader.read()

    answering(clouds, here, hang)
    return asked


async def test_a_keystone_that_hangs_is_not_waited_for_again_and_again(
    clouds: Clouds,
    account: ServiceAccount,
    here: Keystone,
    probe: Probe,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first request waits for some seconds; those behind it are refused until it answers."""
    monkeypatch.setattr(service_account, "ANSWER", 0.05)
    monkeypatch.setattr(health, "INTERVAL", 0.01)
    asked = hanging(clouds, here)
    for _ in range(3):
        with pytest.raises(AccountError, match="see whether it hangs"):
            await account.asked(PATH)
    assert len(asked) == 1
    answering(clouds, here, here)
    probe.up = True
    await until_it_answers(account)
    assert set(probe.asked) == {("CloudTwo", "identity")}


async def test_a_keystone_that_answers_a_probe_and_nothing_else_is_not_waited_for_each_time(
    clouds: Clouds,
    account: ServiceAccount,
    here: Keystone,
    probe: Probe,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As one whose database hangs: a probe asks nothing of that."""
    monkeypatch.setattr(service_account, "ANSWER", 0.05)
    monkeypatch.setattr(health, "INTERVAL", 3600.0)
    probe.up = True
    asked = hanging(clouds, here)
    for _ in range(3):
        with pytest.raises(AccountError, match="see whether it hangs"):
            await account.asked(PATH)
        await asyncio.sleep(0.01)
    assert len(asked) == 1
