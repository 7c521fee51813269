"""One module a reader: client, therapist, supervisor, service. They touch no models: queries read, actions write."""
