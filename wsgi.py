"""The WSGI entry for any server: `waitress-serve wsgi:application`, `gunicorn wsgi:application`."""

import os

from hoa.app import create_app
from hoa.config import from_environment
from hoa.platform import open_platform
from hoa.web.observing import configure_logs

settings = from_environment(os.environ)
configure_logs(settings.log_level)
application = create_app(open_platform(settings))
