"""The pins: what each image installs is what its members ask for, the same everywhere."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PINS = {file.stem: file.read_text() for file in (ROOT / "requirements").glob("*.txt")}
MEMBERS = {
    "cli": ("shared", "cli"),
    "enrich": ("shared", "services/enrich"),
    "gateway": ("shared", "services/gateway"),
    "ingest": ("shared", "services/ingest"),
    "store": ("shared", "services/store"),
}
PINNED = re.compile(r"^([a-z0-9-]+)==([^ ;\\]+)", re.MULTILINE)


def pinned(name: str) -> set[tuple[str, Version]]:
    """Return the distributions a file pins; one may have several versions, by Python's version."""
    return {(package, Version(version)) for package, version in PINNED.findall(PINS[name])}


def asked_for(member: str) -> list[Requirement]:
    """Return what a member's manifest asks for, other members left out."""
    manifest = tomllib.loads((ROOT / member / "pyproject.toml").read_text())
    asked = [Requirement(line) for line in manifest["project"]["dependencies"]]
    return [requirement for requirement in asked if not requirement.name.startswith("newsmill-")]


@pytest.mark.parametrize("name", MEMBERS)
def test_what_a_member_asks_for_is_pinned(name: str) -> None:
    pins = pinned(name)

    unmet = [
        str(asked)
        for member in MEMBERS[name]
        for asked in asked_for(member)
        if not any(
            package == canonicalize_name(asked.name) and version in asked.specifier
            for package, version in pins
        )
    ]

    assert not unmet, "run `make requirements`"


@pytest.mark.parametrize("name", PINS)
def test_every_image_has_the_versions_that_were_tested(name: str) -> None:
    assert pinned(name) <= pinned("all")


@pytest.mark.parametrize("name", PINS)
def test_every_pin_has_a_hash(name: str) -> None:
    blocks = re.split(r"^(?=[a-z0-9])", PINS[name], flags=re.MULTILINE)[1:]

    assert blocks
    assert all("--hash=sha256:" in block for block in blocks)


@pytest.mark.parametrize("name", PINS)
def test_no_index_and_no_folder_is_named(name: str) -> None:
    assert not re.search(r"://|--(extra-)?index|--find-links| @ ", PINS[name])
