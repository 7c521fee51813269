"""Tags that more than one room's templates use. A new one gets a file here."""
