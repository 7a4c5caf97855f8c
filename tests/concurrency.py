"""Several steps at once, each on a connection of its own."""

import threading
from collections.abc import Callable

from django.db import connection, connections


def at_once(*steps: Callable[[], object]) -> list[object]:
    """Runs the steps in threads that start together; gives results or the errors raised."""
    barrier = threading.Barrier(len(steps))
    results: list[object] = [None] * len(steps)

    def run(place: int, step: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=20)
            results[place] = step()
        except Exception as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place, step)) for place, step in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results
