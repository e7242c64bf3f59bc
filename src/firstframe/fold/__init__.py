"""4 · From journal to views: what a chunk's beacons say becomes events, and events become rows."""
