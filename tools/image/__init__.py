"""`make image`: docs/deploy/Dockerfile is built and started, so that the recipe is known to work."""
