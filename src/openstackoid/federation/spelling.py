"""Folds names that a database of Keystone may take for the same."""

import unicodedata


def folded(name: str) -> str:
    """Return a name without case, accents, characters that are not seen, and spaces at its ends.

    MySQL's usual collations ignore these.
    """
    letters = unicodedata.normalize("NFKD", name)
    seen = "".join(c for c in letters if unicodedata.category(c)[0] not in "CM")
    return seen.casefold().strip()
