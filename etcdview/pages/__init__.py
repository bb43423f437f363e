"""What a page needs, as frozen dataclasses: what the views, the JSON API and the CLI all call.

Nothing here knows of HTTP or of terminals. Every function takes a Window: the cluster as one viewer may see it.
"""
