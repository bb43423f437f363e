"""Hours of use in minutes: members die, keys change, browsers poll, slow clients hang on, and nothing may break."""
