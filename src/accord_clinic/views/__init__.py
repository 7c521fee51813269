"""Views, a module for each reader or topic. They touch no models: queries read, pages present, actions write."""
