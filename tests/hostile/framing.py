"""Answers of the hostile cloud that are no HTTP, no JSON, too much, or that do not end."""

import gzip
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import requests
from client.fake import VERSIONS, Raw, Request
from hostile.attack import Answers, Attack, Reply, always
from hostile.headers import get
from hostile.stage import Stage

IMAGES = "/image/v2/images"
OK = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SMUGGLED = 'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"is": "second"}'


def sending(*pieces: bytes | str, endless: bytes = b"") -> Reply:
    """Answer the first question for images with these bytes, perhaps with more without end."""

    def all_() -> Iterator[bytes]:
        for piece in pieces:
            yield piece if isinstance(piece, bytes) else piece.encode("latin-1")
        while endless:
            yield endless

    asked: list[Request] = []

    def reply(request: Request) -> Raw | None:
        if request.path.partition("?")[0].rstrip("/") in VERSIONS or asked:
            return None
        asked.append(request)
        return Raw(all_())

    return reply


def twice(session: requests.Session, home: str) -> object:
    """Ask the hostile cloud, then the honest one, then the hostile one again, as one client."""
    first: object
    try:
        answer = session.get(home + IMAGES, timeout=20)
        first = f"first: {answer.status_code} {len(answer.content)}"
        if answer.status_code >= 400:
            first = f"{first} {answer.text}"
    except requests.RequestException as error:
        first = f"first: {type(error).__name__}"
    honest = session.get(home + IMAGES, headers={"X-Scope": "image=Friend"}, timeout=20)
    again = session.get(home + IMAGES, timeout=20)
    assert honest.json() == {"images": [], "total": 0}, honest.text
    assert again.json() == {"images": [], "total": 0}, again.text
    return first


HEADS: dict[str, list[bytes | str]] = {
    "nothing": [""],
    "garbage": ["\x00\x01\x02" * 99],
    "HTTP/0.9": ["just text\r\n"],
    "HTTP/2": ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    "a version of its own": ["HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n"],
    "no status": ["HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n"],
    "status 99": ["HTTP/1.1 99 OK\r\nContent-Length: 0\r\n\r\n"],
    "status 1000": ["HTTP/1.1 1000 OK\r\nContent-Length: 0\r\n\r\n"],
    "status -200": ["HTTP/1.1 -200 OK\r\nContent-Length: 0\r\n\r\n"],
    "a header without a colon": [f"{OK}Evil\r\nContent-Length: 0\r\n\r\n"],
    "a blank before the colon": [f"{OK}Content-Length : 0\r\n\r\n"],
    "a folded header": [f"{OK}X-A: a\r\n b\r\nContent-Length: 0\r\n\r\n"],
    "a NUL": [f"{OK}X-A: \x00\r\nContent-Length: 0\r\n\r\n"],
    "a bare CR": [f"{OK}X-A: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n"],
    "bare LF": ["HTTP/1.1 200 OK\nContent-Length: 0\n\n"],
    "a megabyte of head": [f"{OK}X-A: {'a' * 1_000_000}\r\nContent-Length: 0\r\n\r\n"],
    "ten thousand headers": [OK + "X-A: a\r\n" * 10_000 + "Content-Length: 0\r\n\r\n"],
    "two lengths": [f"{OK}Content-Length: 2\r\nContent-Length: 0\r\n\r\n{{}}{SMUGGLED}"],
    "a list of lengths": [f"{OK}Content-Length: 2, 0\r\n\r\n{{}}{SMUGGLED}"],
    "length and chunks": [
        f"{OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}"
    ],
    "length -1": [f"{OK}Content-Length: -1\r\n\r\n{{}}"],
    "length +2": [f"{OK}Content-Length: +2\r\n\r\n{{}}"],
    "length 0x2": [f"{OK}Content-Length: 0x2\r\n\r\n{{}}"],
    "length 1e1": [f"{OK}Content-Length: 1e1\r\n\r\n{{}}"],
    "length of 5000 digits": [f"{OK}Content-Length: {'9' * 5000}\r\n\r\n{{}}"],
    "too long": [f"{OK}Content-Length: 99\r\n\r\n{{}}"],
    "chunks twice": [f"{OK}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"],
    "gzip and chunks": [f"{OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
    "chunks and identity": [f"{OK}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"],
    "chunks that are none": [f"{OK}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
    "a size that is none": [f"{OK}Transfer-Encoding: chunked\r\n\r\nz\r\n{{}}\r\n0\r\n\r\n"],
    "a negative size": [f"{OK}Transfer-Encoding: chunked\r\n\r\n-2\r\n{{}}\r\n0\r\n\r\n"],
    "a size of 99 digits": [f"{OK}Transfer-Encoding: chunked\r\n\r\n{'f' * 99}\r\n{{}}\r\n"],
    "a chunk that is longer": [f"{OK}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}x\r\n0\r\n\r\n"],
    "chunks that break off": [f"{OK}Transfer-Encoding: chunked\r\n\r\n99\r\n{{}}"],
    "a megabyte of extension": [
        f"{OK}Transfer-Encoding: chunked\r\n\r\n2;{'x' * 1_000_000}\r\n{{}}\r\n0\r\n\r\n"
    ],
    "a megabyte of trailers": [
        f"{OK}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\nX: {'x' * 1_000_000}\r\n\r\n"
    ],
    "101": ["HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"],
    "gzip that nobody asked for": [
        f"{OK}Content-Encoding: gzip\r\nContent-Length: 1038\r\n\r\n",
        gzip.compress(b" " * 1_000_000),
    ],
    "deflate, in capitals": [f"{OK}CONTENT-ENCODING: DEFLATE\r\nContent-Length: 2\r\n\r\n{{}}"],
}
"""By name: pieces of an answer that cannot be passed on. The hostile cloud closes after them."""

QUIET: dict[str, list[bytes | str]] = {
    "too short": [f"{OK}Content-Length: 2\r\n\r\n{{}}{SMUGGLED}"],
    "a second answer": [f"{OK}Content-Length: 2\r\n\r\n{{}}", SMUGGLED],
    "a second answer after chunks": [
        f"{OK}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n{SMUGGLED}"
    ],
    "204 with a body": [f"HTTP/1.1 204 No Content\r\nContent-Length: 83\r\n\r\n{SMUGGLED}"],
    "304 with a body": [f"HTTP/1.1 304 Not Modified\r\nContent-Length: 83\r\n\r\n{SMUGGLED}"],
    "trailers": [
        f"{OK}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\nX-Scope-Report: x\r\n\r\n"
    ],
    "a thousand promises": [
        *["HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"] * 1000,
        f"{OK}Content-Length: 2\r\n\r\n{{}}",
    ],
    "a Connection that names the length": [
        f"{OK}Connection: Content-Length, Content-Type\r\nContent-Length: 2\r\n\r\n{{}}{SMUGGLED}"
    ],
}
"""By name: what is an answer in part, and stays one answer."""

DEEP = "[" * 50_000 + "]" * 50_000
LISTS = {
    "invalid UTF-8": b'{"images": [{"id": "i", "name": "\xff\xfe"}]}',
    "a surrogate": b'{"images": [{"id": "i", "name": "\\ud800"}]}',
    "10^400": f'{{"images": [{{"id": "i", "size": 1{"0" * 400}}}]}}'.encode(),
    "5000 digits": f'{{"images": [{{"id": "i", "size": {"9" * 5000}}}]}}'.encode(),
    "1e999": b'{"images": [{"id": "i", "size": 1e999}]}',
    "-1e999": b'{"images": [{"id": "i", "size": -1e999}]}',
    "NaN": b'{"images": [{"id": "i", "size": NaN}]}',
    "Infinity": b'{"images": [{"id": "i", "size": -Infinity}]}',
    "depth": f'{{"images": [{{"id": "i", "x": {DEEP}}}]}}'.encode(),
    "depth without an end": f'{{"images": [{{"id": "i", "x": {DEEP[:50_000]}'.encode(),
    "a list of numbers": b'{"images": [1, null, "x", [], true]}',
    "an object": b'{"images": {"id": "i"}}',
    "null": b'{"images": null}',
    "a number": b"1",
    "nothing": b"",
    "half": b'{"images": [{"id": "i"',
    "two texts": b'{"images": []}{"images": []}',
    "two lists": b'{"images": [], "images": [], "servers": []}',
    "a key that is a number": b'{1: 2, "images": []}',
    "a NUL": b'{"images": [{"id": "i", "name": "\0"}]}',
    "ids that are numbers": b'{"images": [{"id": 1e999}, {"id": true}, {"id": null}]}',
    "sort keys of other types": b'{"images": [{"id": "i", "created_at": {}}, {"id": 7}]}',
    "much": b'{"images": [' + b'{"id": "i"},' * 20_000 + b"{}]}",
}
"""By name: a list of images as it comes."""

SORTED = "?sort_key=size&sort_dir=asc"


def raw_list(body: bytes) -> Reply:
    """Answer the list of images with bytes."""

    def reply(request: Request) -> Raw | None:
        if request.path.partition("?")[0].rstrip("/") in VERSIONS:
            return None
        return Raw([f"{OK}Content-Length: {len(body)}\r\n\r\n".encode(), body])

    return reply


def honest(request: Request) -> tuple[int, Any] | None:
    """Be the honest cloud, which has one image."""
    if request.path.partition("?")[0].endswith("/images"):
        return 200, {"images": [{"id": "f", "name": "honest", "size": 3}]}
    return None


def pages() -> Reply:
    """Answer each list with a page and a link to the next, and so on without end."""
    count = iter(range(10**9))

    def reply(request: Request) -> tuple[int, Any] | None:
        if request.path.partition("?")[0].rstrip("/") in VERSIONS:
            return None
        n = next(count)
        return 200, {"images": [{"id": f"i{n}"}], "next": f"/v2/images?marker=i{n}"}

    return reply


def beside(make: Callable[..., Reply], *arguments: object) -> Answers:
    """Return what makes these answers, and gives the honest cloud its image."""

    def answers(stage: Stage) -> Reply:
        stage.friend.reply = honest
        return make(*arguments)

    return answers


def _heads() -> Iterator[Attack]:
    for name, pieces in HEADS.items():
        yield Attack(
            f"an answer with {name}",
            always(sending, *pieces),
            curl=f"GET {IMAGES}",
            script=twice,
            well=None,
            silent="second|Set-Cookie: b|Traceback",
            home=f"GET {IMAGES}",
        )
    for name, more in QUIET.items():
        yield Attack(
            f"an answer with {name}",
            always(sending, *more),
            curl=f"GET {IMAGES}",
            script=twice,
            well=None,
            silent="second|X-Scope-Report",
            home=f"GET {IMAGES}",
        )


def _endless() -> Iterator[Attack]:
    endless = {
        "promises": ("", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        "headers": (OK, b"X-A: a\r\n"),
        "a line": ("", b"HTTP"),
    }
    for name, (start, piece) in endless.items():
        for scope in ("image=Evil", "image=Evil & Friend"):
            yield Attack(
                f"{name} without end, {scope}",
                always(partial(sending, endless=piece), start),
                scope=scope,
                curl=f"GET {IMAGES}",
                home=f"GET {IMAGES}",
                well=None,
                says="Evil",
            )


def _lists() -> Iterator[Attack]:
    for name, body in LISTS.items():
        for query in ("", SORTED):
            yield Attack(
                f"a list of {name}, merged{query}",
                beside(raw_list, body),
                scope="image=Evil & Friend",
                script=get(IMAGES + query),
                home=f"GET {IMAGES}",
                well=True,
                says="honest",
            )
        yield Attack(
            f"a list of {name}, alone",
            always(raw_list, body),
            openstack="" if name == "much" else "image list",  # which the client takes its time for
            home=f"GET {IMAGES}",  # of the row before, whose branch may come late
            well=None,
            silent="Traceback",
        )
    yield Attack(
        "a list without end, merged",
        beside(pages),
        scope="image=Evil & Friend",
        script=get(IMAGES),
        home=f"GET {IMAGES}",
        well=True,
        says="Evil",
    )


ATTACKS = [*_heads(), *_endless(), *_lists()]
