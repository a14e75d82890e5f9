"""A world of its own for each scenario."""

import pytest
from tests.scenario.world import World


@pytest.fixture
async def world(tmp_path):
    async with World(tmp_path) as one:
        yield one
