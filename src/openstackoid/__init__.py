"""Independent OpenStack clouds, made collaborative."""
