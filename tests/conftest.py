"""What holds for every test: a busy machine fails nothing, since how long something takes is a benchmark's question."""

from hypothesis import HealthCheck, settings

settings.register_profile("accord", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("accord")
