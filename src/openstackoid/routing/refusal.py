"""The exception for a request that the gateway refuses."""

import json
from collections.abc import Callable
from http import HTTPStatus


class Refusal(Exception):  # noqa: N818  (not an error: the right answer to a bad request)
    """A request is refused; `message` says why, and what to do.

    The gateway replies with an error in OpenStack's form.

    `cloud` is the cloud that refuses or is missing, `service` the service type if it is known.
    `sent` is False if the request certainly did not reach its service, where the status leaves that
    open. `retry_after` is the number of seconds after which it is worth sending again. `detail` is
    the message with names of clouds that the request does not have. Who sent it may be anybody, so
    it is not in the reply; `openstackoid explain` shows it.
    """

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        *,
        cloud: str,
        service: str = "",
        sent: bool | None = None,
        retry_after: int | None = None,
        detail: Callable[[], str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.cloud = cloud
        self.service = service
        self.sent = sent
        self.retry_after = retry_after
        self._detail = detail

    @property
    def detail(self) -> str:
        """The message with names of clouds that the request does not have."""
        return self._detail() if self._detail else self.message

    @property
    def body(self) -> bytes:
        """The refusal as JSON, in the shape from which OpenStack's clients take the message.

        That is Keystone's, `{"error": {"code": …, "title": …, "message": …}}`. Besides, `cloud` and
        `service` say whose fault it is, and `"sent": false` that the request surely got nowhere.
        """
        error: dict[str, object] = {
            "code": self.status.value,
            "title": self.status.phrase,
            "message": self.message,
            "cloud": self.cloud,
        }
        if self.service:
            error["service"] = self.service
        if self.sent is False:
            error["sent"] = False
        return json.dumps({"error": error}).encode()
