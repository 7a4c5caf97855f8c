import pytest

from tests.scores import fresh_home


@pytest.fixture(autouse=True)
def score_home(settings, tmp_path, monkeypatch):
    """Keys and marks of one test are nobody else's."""
    return fresh_home(settings, tmp_path, monkeypatch)
