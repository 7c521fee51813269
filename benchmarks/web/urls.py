"""The clinic's addresses, and a bare view through the same middleware to hold the pages against."""

from django.http import HttpResponse
from django.urls import path

from accord_clinic.urls import urlpatterns as clinic

urlpatterns = [
    path("bare/", lambda request: HttpResponse("ok")),
    path("bare/member/", lambda request: HttpResponse(request.user.email)),
    *clinic,
]
