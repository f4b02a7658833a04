import pytest

from hedgerow.load.cluster.messages import (
    Orders,
    ShardAlone,
    ShardBegan,
    ShardFrame,
    ShardReady,
    ShardRefused,
    Told,
    decode_orders,
    decode_told,
    encode,
)


class TestMessage:
    @pytest.mark.parametrize(
        "told",
        [
            ShardReady("run", 1, "token"),
            ShardRefused("run", 2, "token", text="no", is_usage=True),
            ShardBegan("run", 0, "token", late=0.5),
            ShardAlone("run", 0, "token"),
            ShardFrame("run", 0, "token", frame=b"\x00\xff", complaint="enough"),
        ],
    )
    def test_comes_as_it_was_told(self, told: Told) -> None:
        assert decode_told(encode(told)) == told

    def test_comes_as_it_was_ordered(self) -> None:
        orders = Orders("run", 3, "token", 1_800_000_000_000_000_001, "stop")
        assert decode_orders(encode(orders)) == orders
