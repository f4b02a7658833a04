"""How evenly workers share clients: a socket each, or one for all."""
