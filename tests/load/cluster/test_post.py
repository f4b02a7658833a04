import asyncio

from hedgerow.load.cluster.messages import Orders, encode
from hedgerow.load.cluster.post import deliver, taking_orders

ORDERS = Orders("run", 1, word="stop")


class TestOrders:
    def test_come_to_the_shard_that_they_are_for(self) -> None:
        taken: list[Orders] = []

        async def main() -> None:
            with taking_orders("run", 1, taken.append), taking_orders("run", 2, taken.append):
                assert deliver(encode(ORDERS))
                await asyncio.sleep(0)

        asyncio.run(main())
        assert taken == [ORDERS]

    def test_for_nobody_are_told_to_be(self) -> None:
        async def main() -> None:
            with taking_orders("run", 2, lambda _: None), taking_orders("other", 1, print):
                assert not deliver(encode(ORDERS))

        asyncio.run(main())

    def test_come_to_nobody_once_the_shard_has_ended(self) -> None:
        async def main() -> None:
            with taking_orders("run", 1, lambda _: None):
                pass
            assert not deliver(encode(ORDERS))

        asyncio.run(main())
