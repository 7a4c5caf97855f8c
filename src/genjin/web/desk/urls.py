from django.urls import path

from genjin.web.desk import answering, start, work

urlpatterns = [
    path("desk", start.desk, name="desk"),
    path("desk/state", start.set_state, name="desk-state"),
    path("desk/next", start.take_the_next, name="desk-next"),
    path("desk/alive", start.alive, name="desk-alive"),
    path("desk/products", start.products, name="desk-products"),
    path("desk/briefing/<int:pk>", start.briefing, name="desk-briefing"),
    path("desk/answer", answering.answer, name="desk-answer"),
    path("desk/<uuid:pk>/called-back", answering.called_back, name="desk-called-back"),
    path("desk/<uuid:pk>", work.followup, name="desk-followup"),
    path("desk/<uuid:pk>/take", work.take_it, name="desk-take"),
    path("desk/<uuid:pk>/dial", work.dial_number, name="desk-dial"),
    path("desk/<uuid:pk>/hang-up", work.hang_up_call, name="desk-hang-up"),
    path("desk/<uuid:pk>/draft", work.draft, name="desk-draft"),
    path("desk/<uuid:pk>/lease", work.lease, name="desk-lease"),
    path("desk/<uuid:pk>/record", work.record, name="desk-record"),
    path("desk/<uuid:pk>/note", work.note, name="desk-note"),
    path("desk/<uuid:pk>/release", work.give_back, name="desk-release"),
    path("desk/<uuid:pk>/timeline", work.timeline, name="desk-timeline"),
]
