"""The WSGI application that gunicorn serves."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ivportal.settings")

application = get_wsgi_application()
# All pages at once: the first visitor does not wait for them, and with ``--preload`` the server's processes share them.
import_module(settings.ROOT_URLCONF)
