"""A service of another cloud that has several workers, behind a real uWSGI."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from clouds.api import Api
from clouds.test_assertions import questions

from bench.real.workers import workers
from openstackoid.lab import Lab

IMAGES = "/v2/images"
WORKERS = 2


@pytest.fixture(scope="module")
def glance(lab: Lab) -> Iterator[None]:
    """Let CloudTwo's Glance have two workers, each with a memory of its own."""
    with workers(lab.cloud("CloudTwo"), WORKERS, remembered=3600):
        yield


def answers(lab: Lab) -> list[str]:
    """Return which worker has answered each request."""
    log = lab.cloud("CloudTwo").log("uwsgi").read_text()
    return re.findall(r"\[pid: (\d+)\|.*GET /v2/images", log)


def ask(lab: Lab, api: Api, scope: str) -> None:
    """Send requests, several at a time, until each worker has answered ten."""
    before, deadline = len(answers(lab)), time.monotonic() + 60
    with ThreadPoolExecutor(4) as pool:
        while len(often := Counter(answers(lab)[before:])) < WORKERS or min(often.values()) < 10:
            assert time.monotonic() < deadline
            for answer in pool.map(lambda _: api.get("image", IMAGES, scope), range(20)):
                assert answer.status_code == 200, answer.text


@pytest.mark.usefixtures("glance")
def test_each_worker_asks_once_for_a_token_and_a_scope(lab: Lab, api: Api) -> None:
    """However many requests there are; one with another scope, or another token, is new."""
    before = questions(lab, "CloudTwo")
    for _ in range(2):
        ask(lab, api, "image=CloudTwo")
        assert questions(lab, "CloudTwo") == before + WORKERS
    ask(lab, api, "image=CloudTwo,compute=CloudTwo")
    assert questions(lab, "CloudTwo") == before + 2 * WORKERS
    assert api.login().status_code == 201
    ask(lab, api, "image=CloudTwo")
    assert questions(lab, "CloudTwo") == before + 3 * WORKERS
