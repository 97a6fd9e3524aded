"""The secrets of a deployment: who gets which, and what stays the same."""

import hashlib
import stat
from pathlib import Path

import pytest
import yaml

from deploy.init.__main__ import main
from deploy.init.redis_users import BROKER, INDEX, User, access_list

ROOT = Path(__file__).parents[3]
ENGINES = ("postgres", "redis", "index")
SERVICES = ("migrate", "gateway", "bridge", "dispatcher", "ingest", "enrich", "store")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folders that volumes are mounted on, empty."""
    (tmp_path / "vault").mkdir()
    for name in (*ENGINES, *SERVICES):
        (tmp_path / "secrets" / name).mkdir(parents=True)
    for name in ENGINES:
        (tmp_path / "data" / name).mkdir(parents=True)
    return tmp_path


def handed_out(root: Path) -> dict[str, str]:
    """Return every file that services see."""
    folder = root / "secrets"
    return {
        str(file.relative_to(folder)): file.read_text()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_each_service_gets_the_addresses_of_what_it_uses(root: Path) -> None:
    main([], root)

    settings = {
        service: {
            file.name.removeprefix("newsmill_") for file in (root / "secrets" / service).iterdir()
        }
        for service in SERVICES
    }
    assert settings == {
        "migrate": {"database_url"},
        "gateway": {"database_url", "redis_url", "api_key"},
        "bridge": {"database_url", "redis_url"},
        "dispatcher": {"database_url", "redis_url"},
        "ingest": {"redis_url"},
        "enrich": {"redis_url", "index_url"},
        "store": {"database_url", "redis_url", "index_url"},
    }


def test_a_second_start_changes_nothing(root: Path) -> None:
    main([], root)
    before = handed_out(root)

    main([], root)

    assert handed_out(root) == before


def test_two_deployments_have_no_secret_in_common(root: Path) -> None:
    vault = root / "vault"
    main([], root)
    first = {file.read_text() for file in vault.iterdir()}
    names = {file.name for file in vault.iterdir()}

    for file in vault.iterdir():
        file.unlink()
    main([], root)

    second = {file.read_text() for file in vault.iterdir()}
    assert len(first) == len(second) == len(names)
    assert not first & second


def test_a_secret_that_is_deleted_is_made_anew_for_everybody(root: Path) -> None:
    main([], root)
    before = handed_out(root)

    (root / "vault/redis_ingest").unlink()
    main([], root)

    after = handed_out(root)
    assert {name for name in after if after[name] != before[name]} == {
        "ingest/newsmill_redis_url",
        "redis/users.acl",
    }


def test_services_keep_their_secrets_to_themselves(root: Path) -> None:
    main([], root)

    modes = {
        stat.S_IMODE(file.stat().st_mode)
        for service in SERVICES
        for file in (root / "secrets" / service).iterdir()
    }
    assert modes == {0o400}
    assert {stat.S_IMODE(file.stat().st_mode) for file in (root / "vault").iterdir()} == {0o600}


def test_a_server_of_redis_learns_digests_only(root: Path) -> None:
    main([], root)

    told = (root / "secrets/redis/users.acl").read_text()
    password = (root / "vault/redis_enrich").read_text()
    assert password not in told
    assert f"user enrich on #{hashlib.sha256(password.encode()).hexdigest()} " in told


@pytest.mark.parametrize("users", [BROKER, INDEX])
def test_nobody_may_wipe_a_server_and_nobody_is_nobody(users: tuple[User, ...]) -> None:
    lines = access_list(users, {user.name: user.name for user in users}).splitlines()

    assert lines[0].startswith("user default off resetpass ")
    assert len(lines) == 1 + len(users)
    for line in lines[1:]:
        assert " -@all " in line
        assert "nopass" not in line
        assert "+@all" not in line
        # What comes last holds.
        dangerous = [
            rule for rule in line.split() if rule in ("+@write", "+@keyspace", "-@dangerous")
        ]
        assert not dangerous or dangerous[-1] == "-@dangerous"


def test_the_keys_are_shown_on_demand(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([], root)

    main(["key"], root)
    main(["inbox"], root)

    key, inbox = capsys.readouterr().out.split()
    assert key == (root / "secrets/gateway/newsmill_api_key").read_text()
    assert inbox.startswith("redis://inbox:")


def test_another_command_is_refused(root: Path) -> None:
    with pytest.raises(SystemExit, match="usage"):
        main(["keys"], root)


def test_engines_may_write_into_their_volumes(root: Path) -> None:
    main([], root)

    assert {stat.S_IMODE((root / "data" / name).stat().st_mode) for name in ENGINES} == {0o1777}


def test_compose_mounts_the_secrets_of_each_service_there_alone() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

    mounted = {
        service: [
            volume["source"]
            for volume in about.get("volumes", ())
            if isinstance(volume, dict) and volume["target"] == "/run/newsmill"
        ]
        for service, about in services.items()
        if service != "init"
    }

    assert mounted == {service: [f"secrets-{service}"] for service in mounted}


def test_compose_says_every_service_what_all_services_share() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

    for service, about in services.items():
        assert about["read_only"], service
        assert about["cap_drop"] == ["ALL"], service
        assert about["security_opt"] == ["no-new-privileges:true"], service
        if about["restart"] != "no":
            assert "healthcheck" in about, service
            assert "stop_grace_period" in about, service
    outside = {name for name, about in services.items() if "egress" in about.get("networks", ())}
    assert outside == {"ingest"}
    assert {name for name, about in services.items() if "ports" in about} == {"gateway"}
