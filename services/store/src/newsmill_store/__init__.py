"""Records what became of every page, and decides what is fetched next."""
