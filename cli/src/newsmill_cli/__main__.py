"""``python -m newsmill_cli`` is the `newsmill` command."""

from newsmill_cli.main import main

if __name__ == "__main__":
    main()
