"""The admin API: faults, requests, reset; and starting and stopping the emulator."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import URLError

import pytest
from azure.mgmt.resource.resources import ResourceManagementClient

from pipeline.emulator.command_line import main
from tests.conftest import ROOT, Emulator, StartEmulator

THROTTLED = {"status": 429, "code": "TooManyRequests", "message": "Slow.", "headers": {"A": "b"}}


def test_a_fault_is_applied_as_often_as_asked_and_then_no_more(
    emulator: Emulator, group: str
) -> None:
    fault = {
        "match": {"method": "get", "path": f"/resourceGroups/{group}$"},
        "action": {"fail": THROTTLED},
        "times": 2,
    }
    assert emulator.call("POST", "/emulator/faults", fault).status == 201
    for _ in range(2):
        struck = emulator.call("GET", f"/resourceGroups/{group}")
        assert (struck.status, struck.code, struck.headers["a"]) == (429, "TooManyRequests", "b")
    assert emulator.call("GET", f"/resourceGroups/{group}").status == 200
    assert emulator.call("GET", "/emulator/faults").body == {"value": []}


def test_a_fault_lets_the_first_requests_pass(emulator: Emulator, group: str) -> None:
    match = {"path": f"/resourceGroups/{group}$"}
    fault = {"match": match, "action": {"fail": THROTTLED}, "skip": 2}
    assert emulator.call("POST", "/emulator/faults", fault).body["skip"] == 2
    seen = [emulator.call("GET", f"/resourceGroups/{group}").status for _ in range(4)]
    assert seen == [200, 200, 429, 200]


def test_the_sdk_tolerates_throttling_and_a_dropped_connection(
    emulator: Emulator, resources: ResourceManagementClient, group: str
) -> None:
    match = {"path": f"/resourceGroups/{group}$"}
    throttled = {**THROTTLED, "headers": {"Retry-After": "1"}}
    emulator.call("POST", "/emulator/faults", {"match": match, "action": {"fail": throttled}})
    emulator.call("POST", "/emulator/faults", {"match": match, "action": {"drop": True}})
    assert resources.resource_groups.get(group).name == group


def test_a_lost_answer_is_that_of_a_request_which_was_carried_out(
    emulator: Emulator, group: str
) -> None:
    fault = {"match": {"method": "PUT", "path": f"/{group}/"}, "action": {"lose": True}}
    path = f"/resourceGroups/{group}/providers/Microsoft.Network/publicIPAddresses/one"
    emulator.call("POST", "/emulator/faults", fault)

    with pytest.raises((ConnectionError, URLError)):
        emulator.call("PUT", path, {"location": "westeurope"})

    assert emulator.call("GET", path).status == 200


def test_a_dropped_connection_has_no_answer(emulator: Emulator, group: str) -> None:
    fault = {"match": {"path": f"/{group}/nothing"}, "action": {"drop": True}}
    emulator.call("POST", "/emulator/faults", fault)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        emulator.call("GET", f"/resourceGroups/{group}/nothing")


def test_a_delay_ends_when_faults_are_taken_back_and_nothing_follows(
    emulator: Emulator, group: str
) -> None:
    action = {"delay": 600, "fail": THROTTLED}
    emulator.call("POST", "/emulator/faults", {"match": {"path": f"{group}$"}, "action": action})
    with ThreadPoolExecutor(1) as pool:
        delayed = pool.submit(emulator.call, "GET", f"/resourceGroups/{group}")
        while emulator.call("GET", "/emulator/faults").body["value"]:
            assert not delayed.done()
        emulator.call("DELETE", "/emulator/faults")
        assert delayed.result(60).status == 200


def test_faults_can_be_taken_back(emulator: Emulator, group: str) -> None:
    fault = {"match": {"path": f"{group}$"}, "action": {"fail": THROTTLED}}
    emulator.call("POST", "/emulator/faults", fault)
    assert len(emulator.call("GET", "/emulator/faults").body["value"]) == 1
    assert emulator.call("DELETE", "/emulator/faults").status == 204
    assert emulator.call("GET", f"/resourceGroups/{group}").status == 200


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"action": {"explode": True}},
        {"match": {"path": "("}, "action": {"drop": True}},
        {"match": {"body": "x"}, "action": {"drop": True}},
        {"action": {"delay": "long"}},
        {"action": {"drop": True}, "skip": "some"},
    ],
)
def test_a_fault_that_is_not_understood_is_refused(
    emulator: Emulator, fault: dict[str, object]
) -> None:
    answer = emulator.call("POST", "/emulator/faults", fault)
    assert (answer.status, answer.code) == (400, "InvalidParameter")


def test_requests_are_remembered_without_query_and_body(emulator: Emulator, group: str) -> None:
    emulator.call("GET", f"/resourceGroups/{group}/providers/X.Y/z?secret=hush")
    seen = emulator.call("GET", "/emulator/requests").body["value"]
    mine = [one for one in seen if one["path"].endswith(f"{group}/providers/X.Y/z")]
    assert [(one["method"], one["status"]) for one in mine] == [("GET", 501)]
    assert "hush" not in str(seen)


def test_requests_since_a_number_are_told_with_what_they_took(
    emulator: Emulator, group: str
) -> None:
    last = emulator.call("GET", "/emulator/requests").body["value"][-1]["number"]
    emulator.call("GET", f"/resourceGroups/{group}")
    seen = emulator.call("GET", f"/emulator/requests?after={last}").body["value"]
    mine = next(one for one in seen if one["path"].endswith(group))
    assert mine["number"] > last
    assert 0 <= mine["seconds"] < 60
    assert emulator.call("GET", "/emulator/requests?after=then").code == "InvalidParameter"


def test_the_admin_api_needs_a_token(emulator: Emulator) -> None:
    assert emulator.call("GET", "/emulator/status", token="").status == 401
    assert emulator.call("POST", "/emulator/dance").status == 501


def test_the_status_counts_the_resources(emulator: Emulator, group: str) -> None:
    status = emulator.call("GET", "/emulator/status").body
    assert status["machines"] == "simulated"
    assert status["pid"] == emulator.process.pid
    assert status["resources"]["Microsoft.Resources/resourceGroups"] >= 1
    assert emulator.secret not in str(status)


def test_a_newer_base_can_be_put_on_offer(start_emulator: StartEmulator) -> None:
    emulator = start_emulator()
    path = (
        f"/subscriptions/{emulator.subscription}/providers/Microsoft.Compute/locations/westeurope/"
        "publishers/Debian/artifacttypes/vmimage/offers/debian-12/skus/12-gen2/versions"
    )
    before = [one["name"] for one in emulator.call("GET", path).body]
    image = {"publisher": "Debian", "offer": "debian-12", "sku": "12-gen2", "version": "9.9.9"}
    assert emulator.call("POST", "/emulator/marketplace", image).status == 204
    assert [one["name"] for one in emulator.call("GET", path).body] == [*before, "9.9.9"]
    assert emulator.call("POST", "/emulator/marketplace", {"sku": "x"}).status == 400


def test_unknown_machines_and_machine_faults_are_refused(emulator: Emulator, group: str) -> None:
    ghost = f"/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/vm"
    path = f"/emulator/machines/subscriptions/{emulator.subscription}{ghost}/sicken"
    assert emulator.call("POST", path, {}).status == 404
    answer = emulator.call("POST", "/emulator/machines/vm/sicken", {"sickness": "boredom"})
    assert (answer.status, answer.code) == (400, "InvalidParameter")
    for name, value in (("share", 2), ("share", "much"), ("after", [])):
        body: dict[str, object] = {"sickness": "failing", name: value}
        answer = emulator.call("POST", "/emulator/machines/vm/sicken", body)
        assert (answer.status, answer.code) == (400, "InvalidParameter")


def test_a_reset_leaves_nothing(start_emulator: StartEmulator) -> None:
    emulator = start_emulator()
    emulator.call("PUT", "/resourceGroups/rg", {"location": "westeurope"})
    scope = f"/subscriptions/{emulator.subscription}"
    tags = f"{scope}/providers/Microsoft.Resources/tags/default"
    emulator.call("PUT", tags, {"properties": {"tags": {"a": "1"}}})
    roles = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
    somebody = {"roleDefinitionId": "reader", "principalId": "somebody"}
    emulator.call("PUT", f"{roles}/one", {"properties": somebody})
    emulator.call("POST", "/emulator/faults", {"action": {"drop": True}, "times": 9})
    answer = emulator.call("POST", "/emulator/reset")
    assert (answer.status, answer.body) == (200, {"deleted": ["rg"]})
    assert emulator.call("GET", tags).body["properties"]["tags"] == {}
    assert emulator.call("GET", roles).body == {"value": []}
    assert emulator.call("HEAD", "/resourceGroups/rg").status == 404
    assert emulator.call("GET", "/emulator/status").body["resources"] == {}


def test_state_credentials_and_address_survive_a_restart(start_emulator: StartEmulator) -> None:
    first = start_emulator()
    first.call("PUT", "/resourceGroups/rg", {"location": "westeurope", "tags": {"a": "b"}})
    token = first.token()
    assert first.stop() == 0
    second = start_emulator()
    changing = {"pid"}
    assert {key: value for key, value in second.facts.items() if key not in changing} == {
        key: value for key, value in first.facts.items() if key not in changing
    }
    answer = second.call("GET", "/resourceGroups/rg", token=token)
    assert answer.body["tags"] == {"a": "b"}


def test_a_killed_emulator_starts_again_with_what_it_had(start_emulator: StartEmulator) -> None:
    first = start_emulator()
    first.call("PUT", "/resourceGroups/rg", {"location": "westeurope"})
    first.kill()
    assert start_emulator().call("HEAD", "/resourceGroups/rg").status == 204


def test_stopping_by_request_ends_the_process(start_emulator: StartEmulator) -> None:
    emulator = start_emulator()
    serving = Path(emulator.facts["state"]) / "serving.json"
    assert serving.exists()
    assert emulator.call("POST", "/emulator/stop").status == 202
    assert emulator.process.wait(timeout=60) == 0
    assert not serving.exists()


def test_two_emulators_do_not_share_a_state_folder(start_emulator: StartEmulator) -> None:
    emulator = start_emulator()
    command = [sys.executable, "-m", "pipeline.emulator", "serve", "--machines", "simulated"]
    second = subprocess.run(
        [*command, "--state", emulator.facts["state"]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert second.returncode == 2
    assert f"used by another emulator (process {emulator.process.pid})" in second.stderr
    assert second.stdout == ""
    assert emulator.call("GET", "/subscriptions").status == 200


@pytest.mark.parametrize("prefix", [15, 24])
def test_two_emulators_do_not_share_addresses(
    emulator: Emulator, tmp_path: Path, prefix: int
) -> None:
    block = f"{emulator.facts['addresses'].partition('/')[0]}/{prefix}"
    command = [sys.executable, "-m", "pipeline.emulator", "serve", "--state", str(tmp_path / "s")]
    second = subprocess.run(
        [*command, "--machines", "simulated", "--addresses", block],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert second.returncode == 2
    assert f"state folder {emulator.facts['state']} (process {emulator.process.pid})" in (
        second.stderr
    )
    assert second.stderr.count("\n") == 1


def test_a_state_is_not_started_with_other_machines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "kind-of-machines").write_text("simulated\n")
    block = f"127.{80 + os.getpid() % 16}.251.0/24"
    assert main(["serve", "--state", str(state), "--addresses", block]) == 2
    assert capsys.readouterr().err == (
        f"emulator: {state} was made with simulated machines, not with qemu ones; start with "
        "--machines simulated, or choose another folder with --state\n"
    )


def test_all_secrets_are_private_files_and_none_is_announced(
    start_emulator: StartEmulator,
) -> None:
    emulator = start_emulator()
    state = Path(emulator.facts["state"])
    assert emulator.secret not in str(emulator.facts)
    open_to_others = {
        file.name for file in state.iterdir() if file.is_file() and file.stat().st_mode & 0o077
    }
    assert open_to_others == {"ca.pem", "serving.json"}


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["prepare", "--help"]])
def test_every_command_has_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    assert "usage: python -m pipeline.emulator" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["serve"],
        ["dance"],
        ["prepare", "--image", "Debian"],
        ["serve", "--state", "s", "--addresses", "10.0.0.0/15"],
        ["serve", "--state", "s", "--addresses", "127.80"],
    ],
)
def test_wrong_arguments_end_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err
