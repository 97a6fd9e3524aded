"""What an operator can set: compose hands each service the settings that are the service's own."""

from pathlib import Path

import pytest
import yaml

from newsmill_enrich.settings import EnrichSettings
from newsmill_enrich.topics.settings import TopicsSettings
from newsmill_gateway.bridge.settings import BridgeSettings
from newsmill_gateway.settings import GatewaySettings
from newsmill_ingest.settings import IngestSettings
from newsmill_shared.settings import Settings
from newsmill_store.settings import DispatcherSettings, StoreSettings

ROOT = Path(__file__).parents[3]
SETTINGS: dict[str, tuple[type[Settings], ...]] = {
    "gateway": (GatewaySettings,),
    "bridge": (BridgeSettings,),
    "dispatcher": (DispatcherSettings,),
    "ingest": (IngestSettings,),
    "enrich": (EnrichSettings, TopicsSettings),
    "store": (StoreSettings,),
}
SECRETS = {"database_url", "redis_url", "index_url", "api_key"}
FILES = {"ca_file", "topics_model", "topics_rules"}
"""Paths: who sets one mounts the file, too, in an override."""


@pytest.mark.parametrize("service", SETTINGS)
def test_a_service_is_handed_its_own_settings(service: str) -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

    handed = {name.removeprefix("NEWSMILL_").lower() for name in services[service]["environment"]}

    own = {name for known in SETTINGS[service] for name in known.model_fields}
    assert own - set(Settings.model_fields) - SECRETS - FILES <= handed
    assert {"log_level", "log_format"} <= handed
    assert not handed & SECRETS
