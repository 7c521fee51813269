"""Two pages for machines: a health check and a few numbers. Neither tells a stranger anything."""

import hmac
import ipaddress

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accord_clinic.upkeep import health

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
PASSED_ON = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_PROTO")


@require_safe
def well(request: HttpRequest) -> HttpResponse:
    """`ok`, or 503 while the database does not answer."""
    fine = health.answers()
    return HttpResponse("ok\n" if fine else "not well\n", status=200 if fine else 503, content_type="text/plain")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Gauges in Prometheus' text format, for this machine itself or for whoever holds the token."""
    if not (_has_token(request) or _from_here(request)):
        raise Http404
    if not health.answers():
        return HttpResponse("accord_up 0\n", status=503, content_type=PROMETHEUS)
    lines = [
        f"# HELP {gauge.name} {gauge.says}\n# TYPE {gauge.name} gauge\n{gauge.name} {gauge.value}\n"
        for gauge in health.gauges()
        if gauge.value is not None
    ]
    return HttpResponse("".join(lines), content_type=PROMETHEUS)


def _has_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())


def _from_here(request: HttpRequest) -> bool:
    """A proxy on this machine also comes from loopback, but says for whom it asks."""
    if any(name in request.META for name in PASSED_ON):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
