"""The licence gate: what it lets in."""

from email.message import Message
from importlib.metadata import PackageMetadata
from typing import cast

import pytest

from scripts.check_licences import accepts, declared_licence


def metadata(*headers: tuple[str, str]) -> PackageMetadata:
    """Build a distribution's metadata."""
    message = Message()
    for name, value in headers:
        message[name] = value
    return cast("PackageMetadata", message)


@pytest.mark.parametrize(
    "expression",
    [
        "MIT",
        "Apache-2.0 OR BSD-2-Clause",
        "BSD-3-Clause AND 0BSD AND MIT",
        "MPL-1.1 OR GPL-2.0-only OR LGPL-2.1-or-later",
        "MIT AND (GPL-3.0-only OR ISC)",
        "GPL-3.0-only AND MIT OR MIT",
    ],
)
def test_what_accepted_licences_can_satisfy_is_accepted(expression: str) -> None:
    assert accepts(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "GPL-3.0-or-later",
        "AGPL-3.0-only",
        "MIT AND GPL-2.0-only",
        "(MIT OR ISC) AND AGPL-3.0-only",
        "MIT OR",
        "(MIT",
        "MIT ISC",
        "Apache-2.0 WITH LLVM-exception",
        "LicenseRef-Proprietary",
        "Do what you think is right",
    ],
)
def test_copyleft_and_what_cannot_be_told_is_refused(expression: str) -> None:
    assert not accepts(expression)


def test_an_expression_says_more_than_classifiers() -> None:
    declared = metadata(
        ("License-Expression", "MIT OR Apache-2.0"),
        ("Classifier", "License :: OSI Approved :: GNU General Public License (GPL)"),
    )

    assert declared_licence(declared) == "MIT OR Apache-2.0"


def test_several_classifiers_are_read_as_a_sum() -> None:
    declared = metadata(
        ("Classifier", "License :: OSI Approved :: MIT License"),
        ("Classifier", "License :: OSI Approved :: GNU General Public License (GPL)"),
        ("Classifier", "Programming Language :: Python"),
    )

    assert declared_licence(declared) == "MIT AND 'GNU General Public License (GPL)'"


def test_the_licence_field_counts_when_nothing_else_is_said() -> None:
    declared = metadata(("License", "BSD-3-Clause"))

    assert declared_licence(declared) == "BSD-3-Clause"


def test_a_distribution_that_says_nothing_has_no_licence() -> None:
    assert declared_licence(metadata(("Name", "mystery"))) == ""
