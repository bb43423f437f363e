"""Search in what keys hold: values read at one revision, decoded, and looked at. Knows no codec: it is handed one."""
