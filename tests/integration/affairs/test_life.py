"""A suggestion's life: each verb one step, each step chained, the clock with it; two reports at once, two numbers."""

from hoa.affairs.rules.states import State
from hoa.platform import Platform
from tests.integration.affairs.scene import open_scene


def test_a_suggestion_in_every_state(platform: Platform):
    scene = open_scene(platform)
    for state in State:
        assert scene.row(scene.suggestion(state)).state == state
