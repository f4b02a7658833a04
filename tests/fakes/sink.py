"""A sink that writes down what it hears."""


class RecordingSink:
    """Keeps the body, and the other events by name."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.ended = False
        self.events: list[str] = []

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    def body_received(self, data: bytes, *, ended: bool) -> None:
        assert not self.ended, "told of a body that had ended"
        self.pieces.append(data)
        self.ended = ended

    def client_left(self) -> None:
        self.events.append("left")

    def writing_paused(self) -> None:
        self.events.append("paused")

    def writing_resumed(self) -> None:
        self.events.append("resumed")
