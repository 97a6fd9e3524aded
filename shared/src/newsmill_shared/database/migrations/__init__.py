"""Schema migrations, applied in order by ``newsmill migrate``."""
