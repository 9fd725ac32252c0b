"""Writes what the journal knows of a write as JSON, for programs and for its user."""

from datetime import UTC, datetime
from typing import Any

from openstackoid.journal.aftermath import told
from openstackoid.journal.intent import Intent


def began(intent: Intent) -> str:
    """Return when a write began, in UTC (RFC 3339)."""
    return datetime.fromtimestamp(intent.began, UTC).isoformat(timespec="seconds")


def document(intent: Intent) -> dict[str, Any]:
    """Return a write with what each cloud has of it; neither its token nor its query is in it."""
    return {
        "id": intent.id,
        "began": began(intent),
        "state": intent.state.value,
        "request_id": intent.request_id,
        "method": intent.method,
        "service": intent.service,
        "path": intent.target.partition("?")[0],
        "name": intent.name,
        "scope": intent.scope,
        "clouds": [
            {
                "cloud": part.cloud,
                "status": part.status,
                "id": part.created,
                "candidates": list(part.found),
                "unknown": part.unknown,
                "removed": part.undone,
                "error": part.error,
                "what": told(part),
            }
            for part in intent.parts
        ],
    }
