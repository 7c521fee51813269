"""Every address of the clinic."""

from django.urls import include, path

urlpatterns = [
    # accounts
    path("account/", include("allauth.urls")),
]
