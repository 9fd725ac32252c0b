"""Memory that several workers have."""

from gateway.admission.workers import shared

from openstackoid.gateway.admission.shared_memory import HEAD, SharedMemory


def test_what_one_writes_all_read() -> None:
    """And each makes the same digest of a text, which nobody else can foretell."""
    memory = shared()
    one, other = SharedMemory(memory("x"), 64), SharedMemory(memory("x"), 64)
    with one.locked():
        one.bytes[HEAD : HEAD + 2] = b"ab"
    with other.locked():
        assert other.bytes[HEAD : HEAD + 3] == b"ab\0"
    assert one.digest("a") == other.digest("a") != one.digest("b")
    assert SharedMemory(memory("y"), 64).digest("a") != one.digest("a")
