"""Many tries at the door at once count one after another."""

import threading

import pytest
from django.db import connections
from django.test import Client

from genjin.foundation.models import SignInAttempt
from tests.factories import PASSWORD, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
TRIES_AT_ONCE = 10


def test_tries_at_once_do_not_get_past_the_lock():
    make_user(username="wang", password=PASSWORD)
    barrier = threading.Barrier(TRIES_AT_ONCE)

    def try_it() -> None:
        try:
            barrier.wait(timeout=20)
            Client().post("/sign-in", {"username": "wang", "password": "wrong"})
        finally:
            connections.close_all()

    threads = [threading.Thread(target=try_it) for _ in range(TRIES_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert SignInAttempt.objects.filter(was_locked=False).count() == 5
    assert SignInAttempt.objects.filter(was_locked=True).count() == TRIES_AT_ONCE - 5
