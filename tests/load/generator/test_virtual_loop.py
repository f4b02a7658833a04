from tests.load.generator.virtual_loop import MS, START, TURN, VirtualLoop


class TestVirtualLoop:
    def test_calls_soon_what_is_added_in_a_turn_only_in_the_next(self) -> None:
        loop = VirtualLoop()
        calls: list[int] = []

        def add() -> None:
            loop.call_soon(lambda: calls.append(loop.turns))

        loop.call_soon(add)
        loop.turn()
        assert calls == []
        loop.turn()
        assert calls == [2]

    def test_fires_its_timers_as_early_as_it_was_told_to(self) -> None:
        loop = VirtualLoop(off_ns=-MS)
        calls: list[int] = []
        loop.call_later(0.005, lambda: calls.append(loop.now))
        loop.call_later(0.006, lambda: calls.append(loop.now)).cancel()
        loop.run_until(10 * MS)
        assert calls == [START + 4 * MS + TURN]

    def test_watches_the_kernel_timer_until_it_is_acknowledged(self) -> None:
        loop = VirtualLoop()
        calls: list[int] = []
        loop.add_reader(loop.kernel_timer.fileno(), lambda: calls.append(loop.now))
        loop.kernel_timer.arm(START + MS)
        loop.run_until(2 * MS)
        assert calls[:2] == [START + MS + TURN, START + MS + 2 * TURN]
        assert loop.kernel_timer.acknowledge() == 1
        assert loop.kernel_timer.acknowledge() == 0
