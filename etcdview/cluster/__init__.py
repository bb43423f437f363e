"""An opened cluster: its index and caches, and the window on it for one viewer. The only room with state."""
