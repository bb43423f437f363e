"""The WSGI entry point: `gunicorn wsgi:app`. Settings come from the environment and the settings file."""

from webapp import create_app

app = create_app()
