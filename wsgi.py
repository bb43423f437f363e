"""The WSGI entry point of a checkout: `gunicorn wsgi:app`.

Of the installed package: `gunicorn 'etcdview.cli.serve:create_app()'`.

Settings come from the environment and the settings file."""

from webapp import create_app

app = create_app()
