"""Write the JSON Schema of each message beside the module that describes it."""

from pathlib import Path

from newsmill_shared import schemas
from newsmill_shared.messages import MESSAGES


def main() -> None:
    """Write one file a message type, and remove those of types that are gone."""
    folder = Path(schemas.__file__).parent
    written = set()
    for message in MESSAGES:
        file = folder / f"{message.TYPE}.json"
        file.write_text(schemas.schema_text(message))
        written.add(file)
    for file in set(folder.glob("*.json")) - written:
        file.unlink()
    print(f"schemas: {len(written)} messages")


if __name__ == "__main__":
    main()
