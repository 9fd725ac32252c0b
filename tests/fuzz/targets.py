"""The targets of the fuzzer: each takes what another party may send, and checks what must hold."""

from collections.abc import Callable, Mapping
from pathlib import Path

from fuzz import answers, leading, messages, proofs, scopes

CORPUS = Path(__file__).parent / "corpus"
"""A folder for each target, with inputs to begin with: one of each kind, and what once failed."""

WORDS = Path(__file__).parent / "words"
"""For some targets, a file with words that their inputs are made of."""

TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "answers": proofs.answers,
    "catalogs": answers.catalogs,
    "errors": answers.errors,
    "ids": answers.ids,
    "ids-in-paths": leading.ids_in_paths,
    "links": answers.links,
    "lists": answers.lists,
    "proofs": proofs.proofs,
    "questions": proofs.questions,
    "redirections": leading.redirections,
    "requests": messages.requests,
    "responses": messages.responses,
    "scopes": scopes.scopes,
    "seals": proofs.seals,
    "values": answers.values,
    "wallets": scopes.wallets,
}
