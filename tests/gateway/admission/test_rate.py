"""How fast each of many senders may send."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from openstackoid.gateway.admission.rate import Rate

NANOSECOND = Fraction(1, 1_000_000_000)


def test_what_was_done_is_charged_and_paid_off_later() -> None:
    """Even if it is more than the sender had left; but nobody waits for longer than two bursts."""
    now = [0]
    rate = Rate(10, 20, 100, clock=lambda: now[0])
    rate.charge("a", 25)
    assert rate.wait("a", 1) == 0.6
    assert rate.wait("b", 1) is None
    now[0] = 600_000_000
    assert rate.wait("a", 1) is None
    rate.charge("a", 10_000)
    assert rate.wait("a", 1) == 2.1


class Bucket:
    """What a sender has left: full at first, filled again at the rate, exact and slow."""

    def __init__(self, rate: int, burst: int) -> None:
        self.rate, self.burst = rate, burst
        self.left = Fraction(burst)
        self.then = 0

    def wait(self, requests: int, now: int) -> Fraction | None:
        self.left = min(
            self.left + (now - self.then) * NANOSECOND * self.rate, Fraction(self.burst)
        )
        self.then = now
        if self.left < requests:
            return (requests - self.left) / self.rate
        self.left -= requests
        return None


@given(
    rate=st.integers(1, 1000),
    burst=st.integers(5, 50),
    sent=st.lists(
        st.tuples(
            st.integers(0, 200_000_000) | st.just(0), st.sampled_from("abc"), st.integers(1, 5)
        ),
        max_size=200,
    ),
)
def test_it_counts_as_a_bucket_for_each_sender_would(
    rate: int, burst: int, sent: list[tuple[int, str, int]]
) -> None:
    """To the nanosecond, however many at once; what is refused is not counted."""
    now = 10**15
    counted = Rate(rate, burst, 3, lambda: now)
    buckets = {sender: Bucket(rate, burst) for sender in "abc"}
    for pause, sender, requests in sent:
        now += pause
        waited = buckets[sender].wait(requests, now)
        assert counted.wait(sender, requests) == (None if waited is None else float(waited))


def test_a_burst_fits_to_the_last_request() -> None:
    """At once, as one or as many, and again after the time it takes to pay it off."""
    now = 10**15
    counted = Rate(3, 30, 2, lambda: now)
    assert counted.wait("a", 30) is None
    assert [counted.wait("b", 1) for _ in range(30)] == [None] * 30
    assert counted.wait("a", 1) == counted.wait("b", 1) == 1 / 3
    now += 10_000_000_000
    assert counted.wait("a", 30) is None


def test_of_so_many_senders_the_rate_is_known() -> None:
    """Who is refused is not silent: to send ever more does not make anybody forgotten."""
    counted = Rate(1, 1, 2, lambda: 0)
    assert counted.wait("a", 1) is None
    assert counted.wait("b", 1) is None
    assert counted.wait("a", 1) is not None
    assert counted.wait("c", 1) is None
    assert counted.wait("a", 1) is not None
    assert counted.wait("b", 1) is None
    assert counted.wait("c", 1) is None
