"""A copy of the ledger and the page store, from which an empty system goes on."""
