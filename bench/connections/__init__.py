"""How many connections one gateway holds: thousands that are idle, hundreds that download."""
