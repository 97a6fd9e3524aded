"""Embedded engines: PostgreSQL and Valkey as children of ours, over one data directory."""

from newsmill_cli.engines.locate import (
    Choice,
    Located,
    engine_choice,
    locate_engine,
)
from newsmill_cli.engines.postgres import PostgreSQL
from newsmill_cli.engines.running import Engines, Given
from newsmill_cli.engines.valkey import Valkey

__all__ = [
    "Choice",
    "Engines",
    "Given",
    "Located",
    "PostgreSQL",
    "Valkey",
    "engine_choice",
    "locate_engine",
]
