"""Answers, as far as the measurements read them."""

import click
import pytest

from bench.wire import closes, whole

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


@pytest.mark.parametrize("end", range(len(HEAD)))
def test_a_part_of_a_head_is_no_answer(end: int) -> None:
    assert not whole(HEAD[:end])


def test_a_body_of_known_length_ends_with_its_last_byte() -> None:
    answer = HEAD + b"content-length: 3\r\n\r\nabc"
    assert whole(answer)
    assert not whole(answer[:-1])


def test_a_chunked_body_ends_with_its_last_chunk() -> None:
    answer = HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    assert whole(answer)
    assert not any(whole(answer[:end]) for end in range(len(answer)))


def test_an_empty_chunked_body_is_whole() -> None:
    assert whole(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")


@pytest.mark.parametrize("status", [b"503 Service Unavailable", b"204 No Content", b"2000 No"])
def test_another_status_than_200_is_an_error_that_quotes_it(status: bytes) -> None:
    with pytest.raises(click.ClickException, match=status.decode()):
        whole(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")


def test_an_answer_that_does_not_tell_its_length_is_an_error() -> None:
    with pytest.raises(click.ClickException, match="how long"):
        whole(HEAD + b"\r\nabc")


def test_what_looks_like_a_header_in_a_body_is_none() -> None:
    answer = HEAD + b"Content-Length: 32\r\n\r\n\r\nConnection: close\r\ncontent-l"
    assert not closes(answer)


@pytest.mark.parametrize("line", [b"Connection: close\r\n", b"connection: Close\r\n"])
def test_an_answer_may_be_the_last_of_its_connection(line: bytes) -> None:
    assert closes(HEAD + line + b"Content-Length: 0\r\n\r\n")
    assert not closes(HEAD + b"Content-Length: 0\r\n\r\n")
