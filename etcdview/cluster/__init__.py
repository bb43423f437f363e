"""An opened cluster: its index and caches, and the window on it for one viewer. What is kept of it lives here."""
