"""What a trace adds to the sums of locks, from its holds or from the uses of its locks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.contract.store_rig import lock_hold
from tests.effort import examples

from raceway_common.lock_sum import MOST_LOCKS, OTHERS, LockSum, pack_lock_sums, unpack_lock_sums
from raceway_core.lock_use import uses_of
from raceway_core.result import LockHold, TraceLocks

HOLDS = st.lists(
    st.builds(
        lock_hold,
        st.sampled_from(["a['x']", "a['y']", "b"]),
        st.integers(0, 9),
        scope=st.sampled_from(["process:bank/i/1", "process:bank/j/2", "service:bank", "global"]),
        hold_us=st.integers(0, 9),
    ),
    max_size=9,
)


def _sums(locks: TraceLocks) -> list[LockSum]:
    return sorted(unpack_lock_sums(pack_lock_sums(locks)), key=lambda each: (each.lock, each.scope))


@given(HOLDS)
@examples(50)
def test_uses_of_a_trace_whose_holds_are_cut_add_up_to_the_same(holds: list[LockHold]) -> None:
    whole, cut = TraceLocks(tuple(holds)), TraceLocks(tuple(holds[:1]), tuple(uses_of(holds)))
    assert _sums(whole) == _sums(cut)


def test_a_lock_of_a_process_is_that_of_its_service() -> None:
    holds = [lock_hold("a['x']", 3), lock_hold("a['y']", 4, scope="process:bank/i2/8")]
    assert _sums(TraceLocks(tuple(holds))) == [LockSum("a[*]", "process:bank", 2, 2, 2, 7, 0, 0)]
    assert pack_lock_sums(TraceLocks()) == b""


def test_a_trace_of_very_many_locks_adds_to_few() -> None:
    holds = [
        lock_hold(f"l{chr(97 + n // 26 % 26)}{chr(97 + n % 26)}{'x' * (n // 676)}", n) for n in range(1_200)
    ]
    sums = _sums(TraceLocks(tuple(holds)))
    assert len(sums) == MOST_LOCKS
    assert sum(each.holds for each in sums) == 1_200
    assert sum(each.wait_us for each in sums) == sum(range(1_200))
    [others] = [each for each in sums if each.lock == OTHERS]
    assert (others.holds, others.wait_us) == (201, sum(range(201)))
