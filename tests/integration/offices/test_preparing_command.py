"""`hoa preparation`: what scripts rely on."""

import json
from typing import Any

from click.testing import CliRunner, Result

from hoa.cli import main
from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from tests.integration.offices.preparing_scene import Scene


def run(platform: Platform, *more: str, code: str = "WTY") -> Result:
    return CliRunner().invoke(main, ["preparation", "clock", "--community", code, *more], obj=platform)


def answer(result: Result) -> dict[str, Any]:
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def test_the_clock_names_each_step_and_fails_when_one_is_late(platform: Platform, clock: FrozenClock) -> None:
    scene = Scene(platform)
    empty = run(platform, "--json")
    assert (empty.exit_code, answer(empty)["steps"]) == (0, [])
    assert "nothing is being prepared" in run(platform).output
    scene.formed()
    good = run(platform, "--json")
    assert good.exit_code == 0
    found = answer(good)
    assert (found["kind"], found["group_lawful"]) == ("first", True)
    assert [step["step"] for step in found["steps"]] == ["papers", "form", "members", "publish", "assembly"]
    assert found["steps"][2] == {
        "step": "members",
        "turn": "group",
        "state": "now",
        "due": "2026-10-27",
        "forecast": False,
        "done_on": None,
    }
    clock.advance(days=8)
    late = run(platform)
    assert late.exit_code == 1
    assert "late       2026-10-27   group      members" in late.output


def test_a_community_that_is_not_there_is_named(platform: Platform) -> None:
    result = run(platform, code="NIX")
    assert result.exit_code != 0
    assert "NIX" in result.output
