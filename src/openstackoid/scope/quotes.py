"""Advice for scopes whose quotes a shell or an editor has kept, removed or changed."""

import re

_CURLY = re.compile("[“”„‟«»‘’‚‛]")  # noqa: RUF001


def advice(text: str) -> str:
    """Return what to write instead of a text that is not a scope; empty if quotes are correct."""
    stripped = text.strip()
    first, inner, last = stripped[:1], stripped[1:-1].lstrip(), stripped[-1:]
    if curly := _CURLY.search(text):
        return f'{curly.group()} is no quote here; write straight ones: {{"image": "CloudTwo"}}'
    if '\\"' in text:
        return "Leave out the backslashes before quotes, or write it without any: image=CloudTwo"
    if first == "'" or (first == last == '"' and (inner.startswith("{") or "=" in inner)):
        return "The shell has left the quotes around it; write it without any: image=CloudTwo"
    if "'" in text:
        return "Write double quotes, or none: {image: CloudTwo}"
    cut = text.startswith("{") and not text.endswith("}")
    one_of_several = ":" in text and not text.startswith("{")
    if '"' not in text and (cut or one_of_several):
        return (
            "If this was JSON, the shell has taken its quotes; put single ones around all of it: "
            """'{"compute": "CloudOne", "image": "CloudTwo"}'"""
        )
    return ""
