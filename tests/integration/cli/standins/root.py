"""An `up` whose services are stand-ins: ``python -m ...root DATA``."""

import sys
from pathlib import Path

from newsmill_cli.commands.up import Narrator
from newsmill_cli.errors import CommandError
from newsmill_cli.mill import MillOptions, running_mill
from newsmill_cli.output import print_error
from newsmill_cli.supervisor import Service
from tests.support.engines import chosen

PACKAGE = "tests.integration.cli.standins"
SERVICES = (
    Service("gateway", f"{PACKAGE}.gateway"),
    Service("first", f"{PACKAGE}.steady"),
    Service("second", f"{PACKAGE}.steady"),
)

narrator = Narrator(as_json=True)
options = MillOptions(Path(sys.argv[1]), services=SERVICES, choice=chosen())
try:
    with running_mill(options, narrator.report) as mill:
        if mill.wait_until_ready():
            narrator.ready(mill)
            mill.watch()
        narrator.say("stopping")
    narrator.say("stopped")
except CommandError as error:
    print_error(error, as_json=False)
    sys.exit(error.exit_code)
