"""Says to other clouds who users of this one are, and decides who users of others are here."""
