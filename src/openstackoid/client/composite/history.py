"""Records the requests of a branch and their answers, and limits how long it waits for them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from requests import PreparedRequest, ReadTimeout, RequestException, Response, Session
from requests.adapters import BaseAdapter
from requests.exceptions import ConnectTimeout, Timeout
from urllib3.exceptions import NewConnectionError

from openstackoid.message import SAFE_METHODS
from openstackoid.operators import rules
from openstackoid.operators.listing import listing

_LOGIN = "/auth/tokens"


@dataclass
class Write:
    """One request that changes something; `answer` is None as long as there is none."""

    method: str
    path: str
    answer: Response | None = field(default=None, repr=False)
    sent: bool = True

    @property
    def may_have_acted(self) -> bool:
        """Whether the cloud may have carried it out."""
        if self.answer is None:
            return not rules.did_nothing(None, sent=self.sent)
        return not rules.did_nothing(self.answer.status_code, _document(self.answer))

    @property
    def succeeded(self) -> bool:
        """Whether the cloud said that it has carried it out."""
        return self.answer is not None and rules.succeeded(self.answer.status_code)


@dataclass
class History:
    """The requests of one branch, and what they tell of its cloud.

    `queries` are the answers to what was read with a query, `status` is that of the last answer,
    None if there was none. `unreachable` says why the cloud cannot be reached, if that is known.
    `patience` is how many seconds it may leave a request that only reads without an answer: once it
    has, it is `silent`, and is asked no more.
    """

    cloud: str
    patience: float = rules.PATIENCE
    writes: list[Write] = field(default_factory=list)
    queries: list[Response] = field(default_factory=list)
    status: int | None = 200
    unreachable: str | None = None
    silent: bool = False

    def record(self, session: Session) -> None:
        """Append each further write of the session before it is sent, and what each query found."""
        for prefix, adapter in list(session.adapters.items()):
            session.mount(prefix, _Recorder(adapter, self))

    def answered(self, answer: Response) -> None:
        """Note the status of an answer, and why the cloud is unreachable if a gateway says so.

        It does by an error in the name of this cloud that says that nothing was sent.
        """
        self.status = answer.status_code
        error = _document(answer).get("error") if rules.unreachable(self.status) else None
        if isinstance(error, dict) and error.get("cloud") == self.cloud:
            unsent = rules.did_nothing(self.status, {"error": error})
            self.unreachable = f"{self.cloud} cannot be reached" if unsent else self.unreachable

    def failed(self, error: RequestException, *, reads: bool) -> None:
        """Note that there was no answer."""
        self.status = None
        if reads and isinstance(error, Timeout):
            self.silent = True
            self.unreachable = f"{self.cloud} has not answered for {self.patience:g} s"


class _Recorder(BaseAdapter):
    def __init__(self, adapter: BaseAdapter, history: History) -> None:
        super().__init__()
        self._adapter = adapter
        self._history = history

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        history = self._history
        url = urlsplit(request.url or "")
        write = Write(request.method or "", url.path)
        reads = write.method in SAFE_METHODS or url.path.endswith(_LOGIN)
        streams = bool(options.get("stream"))
        if not reads:
            history.writes.append(write)
        elif history.silent:
            raise ReadTimeout(history.unreachable)
        elif not streams:  # of data, each piece would have to come in time
            options["timeout"] = options.get("timeout") or history.patience
        try:
            write.answer = self._adapter.send(request, *args, **options)
        except RequestException as error:
            write.sent = not _refused(error)
            history.failed(error, reads=reads)
            raise
        history.answered(write.answer)
        if write.method == "GET" and url.query and not streams:
            history.queries.append(write.answer)
        return write.answer

    def close(self) -> None:
        self._adapter.close()


def _refused(error: RequestException) -> bool:
    """Tell whether there was no connection, so that nothing can have been sent."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError)


def _document(answer: Response) -> dict[str, Any]:
    """Return the JSON object that an answer is, an empty one if it is none."""
    try:
        document = answer.json()
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def created(writes: Sequence[Write]) -> str | None:
    """Return the id of what the first successful POST created, None if it tells none."""
    for write in writes:
        if write.method == "POST" and write.succeeded and write.answer is not None:
            location = write.answer.headers.get("Location")
            return rules.created_id(write.path, _document(write.answer), location)
    return None


def found_nothing(queries: Sequence[Response]) -> bool:
    """Tell whether a filtered list had nothing in it."""
    return any(map(_found_nothing, queries))


def _found_nothing(answer: Response) -> bool:
    if not answer.ok:
        return False
    try:
        found = listing(answer.json())
    except (ValueError, RecursionError):
        return False
    query = parse_qsl(urlsplit(answer.request.path_url).query, keep_blank_values=True)
    return rules.found_nothing(query, None if found is None else found.items)
