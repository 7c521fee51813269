"""Every address of the clinic. A page is one view, one template, one line here."""

from django.urls import include, path, re_path

from accord_clinic.views import alliance, client, talk

urlpatterns = [
    # the client: a link, its check-in, a harmless page
    re_path(r"^c/(?P<token>.*)$", client.start, name="link"),
    path("new-link-sent/", client.new_link_sent, name="new-link-sent"),
    path("check-in/<str:uid>/", client.check_in, name="check-in"),
    path("check-in/<str:uid>/received/", client.received, name="received"),
    re_path(r"^(?:c|check-in)(?:/.*)?$", client.unknown),
    path("away", client.away, name="away"),
    # accounts
    path("account/", include("allauth.urls")),
    # the talk sheet, and the therapist's own sheet beside it
    path("people/<str:uid>/talk/", talk.latest, name="talk_latest"),
    path("sessions/<str:uid>/talk/", talk.show, name="talk"),
    path("sessions/<str:uid>/talk/tick/", talk.tick, name="talk_tick"),
    path("sessions/<str:uid>/talk.pdf", talk.pdf, name="talk_pdf"),
    path("sessions/<str:uid>/prepare/", talk.prepare, name="prepare"),
    path("suggestions/<str:uid>/", talk.answer_card, name="answer_card"),
    # goals, tasks, the shared view, strains
    path("people/<str:uid>/goals/", alliance.goals, name="goals"),
    path("people/<str:uid>/goals/propose/", alliance.propose, name="propose"),
    path("goals/<str:uid>/reword/", alliance.reword, name="reword"),
    path("goals/<str:uid>/seal/", alliance.seal, name="seal"),
    path("goals/<str:uid>/end/", alliance.end, name="end_agreement"),
    path("strains/<str:uid>/", alliance.strain, name="strain"),
    path("strains/<str:uid>/move/", alliance.move, name="move_strain"),
    path("sessions/<str:uid>/strain/", alliance.open_strain, name="open_strain"),
]
