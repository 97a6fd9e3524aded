"""What is said while pages are copied."""

from newsmill_cli.output import diagnostics

__all__ = ["say_pages"]


def say_pages(pages: int) -> None:
    """Say on standard error how many pages were looked at."""
    diagnostics().print(f"{pages} pages", style="dim")
