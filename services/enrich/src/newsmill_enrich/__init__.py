"""Turns raw pages into articles: text, metadata, language, duplicates, categories."""

import os

# Before numpy is imported anywhere: workers scale by processes, not by BLAS threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
