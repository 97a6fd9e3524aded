"""What all pages of acts share: where one is, what it shows, and how its form is read."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError

from newsmill_gateway.problems import Code, ProblemError

__all__ = ["Context", "Fields", "act_page", "address", "done_page", "number_or_text", "read_fields"]

Context = Mapping[str, object]
Fields = Mapping[str, str]
_Model = TypeVar("_Model", bound=BaseModel)

_MOST_DIGITS = 18


def address(act: str, **fields: object) -> str:
    """Return the page that previews an act; fields that are empty are left out."""
    given = {name: str(value) for name, value in fields.items() if value not in (None, "")}
    return f"/acts/{act}" + (f"?{urlencode(given)}" if given else "")


def act_page(
    heading: str,
    more: str,
    button: str,
    hidden: Mapping[str, str],
    *,
    facts: tuple[tuple[str, str], ...] = (),
    groups: tuple[Context, ...] = (),
    sample: tuple[tuple[str, str], ...] = (),
    pausing: bool = False,
) -> Context:
    """Return what a page of an act shows.

    Args:
        heading: What is asked, or was done.
        more: What that means.
        button: Does it; empty: there is nothing to do.
        hidden: What the form carries.
        facts: Name and value of what it is about.
        groups: Failures by reason and host.
        sample: Some of the jobs, with their addresses.
        pausing: The form asks how long, too.
    """
    return {
        "heading": heading,
        "more": more,
        "button": button,
        "hidden": hidden,
        "facts": facts,
        "groups": groups,
        "sample": sample,
        "pauses": (),
        "pausing": pausing,
        "back": None,
    }


def done_page(said: str, more: str, back: str) -> Context:
    """Return the page that says what was done, and where to go on."""
    return {**act_page(said, more, "", {}), "back": back}


def number_or_text(text: str) -> int | str:
    """Return the number that a field holds, for models that take no text for one; or its text."""
    is_number = text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if is_number else text


def read_fields(model: type[_Model], given: Mapping[str, object]) -> _Model:
    """Return what a form says; raises ProblemError 422."""
    limit = given.get("limit")
    values = {**given, "limit": number_or_text(limit)} if isinstance(limit, str) else given
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        said = first["msg"].removeprefix("Value error, ")
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            Code.INVALID_PARAMETER,
            f"{name}: {said}" if name else said,
        ) from error
