"""Which state may follow which: one table for each status, pure and checked when it is made.

The table only answers. Writing a status is ``genjin.foundation.transitions.transition()`` alone.
"""

from collections.abc import Collection, Iterable, Mapping

from genjin.kernel.errors import GenjinError


class IllegalTransition(GenjinError):
    """The trade knows no such step; ``data`` holds ``old``, ``new`` and what is ``possible``."""

    code = "illegal_transition"


class StateTable:
    """The states of one thing and the steps between them.

    Raises ValueError when a step names an unknown state or leads nowhere, and, if ``initial`` is
    given, when a state cannot be reached from it.
    """

    def __init__(
        self,
        *,
        states: Iterable[str],
        transitions: Mapping[str, Collection[str]],
        initial: str | None = None,
    ) -> None:
        self.states = tuple(states)
        known = frozenset(self.states)
        if not known or len(known) != len(self.states):
            raise ValueError("states must be given, each once")
        named = set(transitions).union(*transitions.values())
        if unknown := named - known:
            raise ValueError(f"unknown states: {sorted(unknown)}")
        if standing := [old for old, new in transitions.items() if old in new]:
            raise ValueError(f"a step must change the state: {sorted(standing)}")
        self._next = {state: frozenset(transitions.get(state, ())) for state in self.states}
        self.final = frozenset(state for state, following in self._next.items() if not following)
        self.initial = initial
        if initial is not None:
            self._check_reach(initial)

    def _check_reach(self, initial: str) -> None:
        if initial not in self._next:
            raise ValueError(f"unknown initial state: {initial}")
        seen, ahead = {initial}, [initial]
        while ahead:
            fresh = self._next[ahead.pop()] - seen
            seen |= fresh
            ahead.extend(fresh)
        if lost := set(self.states) - seen:
            raise ValueError(f"never reached from {initial}: {sorted(lost)}")

    def next_states(self, old: str) -> frozenset[str]:
        """Name the states that may follow; empty for a final one. ValueError if unknown."""
        try:
            return self._next[old]
        except KeyError:
            raise ValueError(f"unknown state: {old}") from None

    def may(self, old: str, new: str) -> bool:
        """Is the step allowed? An unknown state is a fault of the program: ValueError."""
        self.next_states(new)
        return new in self.next_states(old)

    def check(self, old: str, new: str) -> None:
        """Let an allowed step pass and raise IllegalTransition for any other."""
        if not self.may(old, new):
            possible = sorted(str(state) for state in self.next_states(old))
            raise IllegalTransition(old=str(old), new=str(new), possible=possible)
