"""Where people meet Accord: one Django project with one app."""
