"""The WSGI entry for any server: `waitress-serve wsgi:application`, `gunicorn wsgi:application`."""

import os

from hoa.app import create_app
from hoa.config import from_environment
from hoa.platform import open_platform

application = create_app(open_platform(from_environment(os.environ)))
