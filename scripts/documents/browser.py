"""Points pytest-playwright at the distribution's Chromium: the documents' tests are run with it."""

import pytest


@pytest.fixture(scope="session")
def browser_type_launch_args():
    return {"executable_path": "/usr/bin/chromium", "args": ["--no-sandbox"]}
