from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from riskengine.server.running import configured, listening
from riskengine.server.settings import Settings


@pytest.mark.skipif(sys.platform != "linux", reason="connections inherit it on Linux")
def test_the_end_of_an_answer_does_not_wait_for_a_receipt_of_its_beginning():
    settings = Settings(port=0, public_url="http://127.0.0.1:1", workers=2)
    config = configured(None, settings)
    assert config.workers == 2
    with listening(config) as opened:
        opened.listen()
        with socket.create_connection(opened.getsockname()):
            taken, _ = opened.accept()
            with taken:
                assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_the_service_needs_no_library_of_analysts():
    code = (
        "import sys\n"
        "for name in ('scipy', 'sklearn', 'interpret', 'pandas', 'pyarrow', 'yaml', 'joblib'):\n"
        "    sys.modules[name] = None\n"
        "import riskengine.server.running, riskengine.planning.compare, riskengine.planning.plan"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
