"""The alert rules: Prometheus takes them, and whoever is woken finds what to do."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from newsmill_gateway.metric_names import Metric
from newsmill_shared.diagnosis.cause import Code

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy/alerts.yml"
TRIED = ROOT / "tests/data/alerts/alerts.test.yml"
PARTS = ("database", "redis")
"""Of newsmill_up."""


def alerts() -> list[dict[str, Any]]:
    [group] = yaml.safe_load(RULES.read_text())["groups"]
    return cast("list[dict[str, Any]]", group["rules"])


def promtool(*arguments: str | Path) -> str:
    """Run promtool; it comes with Debian's package ``prometheus``."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("there is no promtool: on Debian, install prometheus")
    ran = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    return ran.stderr + ran.stdout if ran.returncode else ""


def anchors(page: Path) -> set[str]:
    """Return the names that the headings of a page have in links."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(runbook: str) -> set[str]:
    """Return all that a link can become once its labels are filled in."""
    found = {runbook}
    for label, values in (("part", PARTS), ("code", [code.value for code in Code])):
        marker = f"{{{{ $labels.{label} }}}}"
        if marker in runbook:
            found = {runbook.replace(marker, value) for value in values}
    return found


def alarming() -> list[str]:
    """Return the codes of the diagnosis that raise an alert."""
    [rule] = [rule for rule in alerts() if rule["alert"] == "NewsmillDiagnosis"]
    [quiet] = re.findall(r'code!~"([^"]+)"', rule["expr"])
    return [code for code in Code if not re.fullmatch(quiet, code)]


def test_prometheus_takes_the_rules() -> None:
    assert promtool("check", "rules", RULES) == ""


def test_each_alert_is_raised_by_what_it_is_for_and_by_nothing_else() -> None:
    assert promtool("test", "rules", TRIED) == ""


def test_each_alert_is_tried() -> None:
    told = TRIED.read_text()

    raised = set(re.findall(r"alertname: (\w+)\n +eval_time: \w+\n +exp_alerts:", told))

    assert raised == {rule["alert"] for rule in alerts()}


def test_every_metric_that_a_rule_asks_for_exists() -> None:
    asked = {name for rule in alerts() for name in re.findall(r"newsmill_\w+", rule["expr"])}

    assert asked <= {metric.title for metric in Metric}


def test_whoever_is_woken_is_told_what_it_is_what_to_type_and_where_to_read() -> None:
    for rule in alerts():
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        assert set(rule["annotations"]) == {"summary", "description", "command", "runbook"}
        assert re.match(r"(docker compose|newsmill) ", rule["annotations"]["command"])


def test_every_runbook_is_there() -> None:
    missing = set()
    for rule in alerts():
        for link in links(rule["annotations"]["runbook"]):
            page, _, anchor = link.partition("#")
            if anchor and anchor not in anchors(ROOT / page):
                missing.add(link)

    assert missing == set()


def test_what_goes_on_as_it_should_raises_no_alert() -> None:
    quiet = {"moving", "idle", "ready", "polite", "paused", "index_rebuilding"}
    slow = {"enrich_slow", "store_slow", "index_full"}

    assert set(Code) - set(alarming()) == quiet | slow
