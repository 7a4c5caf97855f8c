from django.urls import path

from genjin.web.tasks import views

urlpatterns = [
    path("tasks", views.tasks_page, name="tasks"),
    path("tasks/now", views.tasks_now, name="tasks-now"),
    path("tasks/jobs/<int:pk>/retry", views.retry_job, name="job-retry"),
    path("tasks/<uuid:pk>/stop", views.stop_task, name="task-stop"),
]
