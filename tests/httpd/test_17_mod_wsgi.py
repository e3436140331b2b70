"""Two modules with CPython in one process: mod_wsgi's applications and our engine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Ready
from tests.support import clients, places

APPLICATION = """
import sys

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    ours = sorted(name for name in sys.modules if name.split(".")[0] == "nsspy")
    answer = "scheme=%s ours=%s path=%s" % (environ["wsgi.url_scheme"], ours, "site-packages" in str(sys.path))
    return [answer.encode()]
"""


@pytest.mark.parametrize("loaded", ["before us", "after us"])
def test_applications_beside_the_engine(ready: Callable[..., Ready], loaded: str) -> None:
    """Applications and TLS live in one child, over restarts and a stop; no child aborts, no path of ours leaks in."""
    module = places.modules_dir() / "mod_wsgi.so"
    if not module.exists():
        pytest.skip("needs mod_wsgi (Debian: libapache2-mod-wsgi-py3)")
    first = loaded == "before us"
    one = ready(modules=("wsgi",) if first else ())
    script = one.server.write("app/app.wsgi", APPLICATION)
    one.server.configure(
        one.globals()
        + ("" if first else f'LoadModule wsgi_module "{module}"\n')
        + f"WSGIScriptAlias /app {script}\nWSGIApplicationGroup %{{GLOBAL}}\n"
        + one.vhost("NSSOptions +StdEnvVars")
    )
    one.server.start()
    for how in ("", "graceful", "restart"):
        if how:
            getattr(one.server, how)()
        answer = clients.get(one.port, "/app")
        assert answer.status == 200
        assert answer.text.startswith("scheme=https ours=['nsspy'"), answer.text
        assert answer.text.endswith("path=False"), answer.text
