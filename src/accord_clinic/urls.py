"""Every address of the clinic. A page is one view, one template, one line here."""

from django.urls import include, path, re_path

from accord_clinic.views import (
    account,
    agreements,
    care,
    checkin,
    demo,
    errors,
    health,
    outside,
    own_space,
    practice,
    rating,
    research,
    rights,
    safety,
    service,
    sessions,
    supervision,
    talk_sheet,
    terms,
    therapist,
)

SHUT = (
    ("signup/", "account_signup"),
    ("email/", "account_email"),
    ("confirm-email/", "account_email_verification_sent"),
    ("password/set/", "account_set_password"),
    ("login/code/confirm/", "account_confirm_login_code"),
)
handler400 = errors.bad_request
handler403 = handler404 = errors.not_here
handler429 = errors.too_often
handler500 = errors.broken

urlpatterns = [
    # the client: a link, its check-in, a harmless page
    re_path(r"^c/(?P<token>.*)$", checkin.start, name="link"),
    path("new-link-sent/", checkin.new_link_sent, name="new-link-sent"),
    path("check-in/<str:uid>/", checkin.check_in, name="check-in"),
    path("check-in/<str:uid>/received/", checkin.received, name="received"),
    re_path(r"^(?:c|check-in)(?:/.*)?$", checkin.unknown),
    path("away", checkin.away, name="away"),
    re_path(r"^stop/(?P<token>.*)$", rights.stop, name="stop"),
    # machines
    path("health/", health.well, name="health"),
    path("metrics", health.metrics, name="metrics"),
    # the client's own space
    path("mine/", own_space.mine, name="mine"),
    path("mine/in/", own_space.step_in, name="step-in"),
    path("mine/code/", own_space.code, name="code"),
    path("mine/pin/", own_space.my_pin, name="my-pin"),
    path("mine/leave/", own_space.leave, name="leave"),
    path("mine/rights/", rights.my_rights, name="my-rights"),
    path("mine/rights/consent/", rights.my_consent, name="my-consent"),
    path("mine/rights/messages/", rights.my_messages, name="my-messages"),
    path("mine/rights/code/", rights.my_code, name="my-code"),
    path("mine/rights/copy/", rights.my_copy, name="my-copy"),
    path("mine/rights/contact/", rights.my_contact, name="my-contact"),
    path("mine/rights/corrections/", rights.my_corrections, name="my-corrections"),
    path("mine/rights/erase/", rights.my_erasure, name="my-erasure"),
    path("mine/erased/", rights.erased, name="erased"),
    path("mine/lines/<str:uid>/", own_space.keep_or_show, name="keep-or-show"),
    path("mine/goals/<str:uid>/", own_space.change, name="my-goal"),
    path("mine/sheet/<str:uid>/", own_space.my_sheet, name="my-sheet"),
    path("mine/<str:uid>/", own_space.my_course, name="my-course"),
    path("mine/<str:uid>/goals/", own_space.my_goals, name="my-goals"),
    path("mine/<str:uid>/propose/", own_space.propose, name="my-propose"),
    path("mine/<str:uid>/lines/", own_space.my_lines, name="my-lines"),
    path("mine/<str:uid>/readers/", own_space.my_readers, name="my-readers"),
    # accounts: what allauth offers beyond this (sign-up, addresses, codes by mail) is shut: the admin makes accounts
    *(path(f"account/{address}", errors.not_here, name=name) for address, name in SHUT),
    re_path(r"^account/confirm-email/.*$", errors.not_here),
    path("account/login/", account.entrance, name="account_login"),
    path("account/sso/", account.sso_start, name="sso"),
    path("account/sso/back/", account.sso_back, name="sso_back"),
    path("account/sessions/", account.places, name="usersessions_list"),
    path("account/2fa/webauthn/", account.passkeys, name="mfa_list_webauthn"),
    path("account/2fa/webauthn/reauthenticate/", account.ShowPasskey.as_view(), name="mfa_reauthenticate_webauthn"),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("account/", include("allauth.account.urls")),
    # the supervisor, the outside reader, the safety contact
    path("supervision/", supervision.supervision, name="supervision"),
    path("outside/", outside.lines, name="outside"),
    path("outside/<str:uid>/", outside.line, name="outside_line"),
    path("outside/<str:uid>/read/", outside.acknowledge, name="acknowledge_line"),
    path("safety/", safety.notices, name="safety"),
    path("safety/<str:uid>/look/", safety.look, name="look_after"),
    # the manager
    path("service/", service.service, name="service"),
    # the researcher
    path("research/", research.research, name="research"),
    # the admin: the practice, who works here, messages that failed, emergencies
    path("practice/", practice.settings, name="practice"),
    path("practice/members/", practice.members, name="members"),
    path("practice/members/<str:uid>/", practice.member, name="member"),
    path("practice/members/<str:uid>/second-factor/", practice.reset_second_factor, name="reset_second_factor"),
    path("practice/messages/", practice.messages, name="failed_messages"),
    path("practice/emergency/", practice.emergency, name="emergency"),
    # the therapist: the day, the caseload, one dyad
    path("", therapist.home, name="home"),
    path("today/", therapist.today, name="today"),
    path("people/", therapist.people, name="people"),
    path("people/new/", care.new_person, name="new_person"),
    path("people/<str:uid>/", therapist.dyad, name="dyad"),
    path("people/<str:uid>/plan/", sessions.plan, name="plan_session"),
    path("people/<str:uid>/course/", care.new_course, name="new_course"),
    path("people/<str:uid>/set-up/", care.set_up, name="set_up"),
    path("people/<str:uid>/arrange/", care.arrange, name="arrange"),
    path("people/<str:uid>/share/", care.share, name="share"),
    path("people/<str:uid>/unshare/", care.unshare, name="unshare"),
    path("people/<str:uid>/terms/", terms.show, name="terms"),
    path("people/<str:uid>/end/", care.end, name="end_course"),
    path("people/<str:uid>/hand-over/", care.hand_over, name="hand_over"),
    path("sessions/<str:uid>/mark/", sessions.mark, name="mark_session"),
    path("sessions/<str:uid>/link/", sessions.link, name="make_link"),
    path("sessions/<str:uid>/rate/", rating.rate, name="rate"),
    path("sessions/<str:uid>/rated/", rating.rated, name="rated"),
    path("sessions/<str:uid>/waive/", rating.waive, name="waive"),
    # the talk sheet, and the therapist's own sheet beside it
    path("people/<str:uid>/talk/", talk_sheet.latest, name="talk_latest"),
    path("sessions/<str:uid>/talk/", talk_sheet.show, name="talk"),
    path("sessions/<str:uid>/talk/tick/", talk_sheet.tick, name="talk_tick"),
    path("sessions/<str:uid>/talk.pdf", talk_sheet.pdf, name="talk_pdf"),
    path("sessions/<str:uid>/prepare/", talk_sheet.prepare, name="prepare"),
    path("suggestions/<str:uid>/", talk_sheet.answer_card, name="answer_card"),
    # goals, tasks, the shared view, strains
    path("people/<str:uid>/goals/", agreements.goals, name="goals"),
    path("people/<str:uid>/goals/propose/", agreements.propose, name="propose"),
    path("goals/<str:uid>/reword/", agreements.reword, name="reword"),
    path("goals/<str:uid>/seal/", agreements.seal, name="seal"),
    path("goals/<str:uid>/end/", agreements.end, name="end_agreement"),
    path("strains/<str:uid>/", agreements.strain, name="strain"),
    path("strains/<str:uid>/move/", agreements.move, name="move_strain"),
    path("sessions/<str:uid>/strain/", agreements.open_strain, name="open_strain"),
    # the demo's door; not there outside the demo
    path("demo/", demo.hall, name="demo"),
    path("demo/be/<str:uid>/", demo.enter, name="demo_enter"),
    path("demo/phone/<str:uid>/", demo.phone, name="demo_phone"),
]
