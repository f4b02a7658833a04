"""Making bodies smaller: at once, in a thread, or not at all."""

import asyncio
import gzip
import os

from hedgerow.serve.files.shrinking import Shrinker, shrunk

TEXT = b"some text that repeats itself. " * 100
LONG = TEXT * 20
NOISE = os.urandom(3_000)


class TestBody:
    def test_is_compressed(self) -> None:
        smaller = shrunk(TEXT)
        assert smaller is not None
        assert gzip.decompress(smaller) == TEXT

    def test_is_the_same_each_time(self) -> None:
        """A part of it may be asked for by its tag, whichever process made it."""
        assert shrunk(TEXT) == shrunk(TEXT)

    def test_that_does_not_get_smaller_stays(self) -> None:
        assert shrunk(NOISE) is None


class TestShrinker:
    def test_does_short_ones_at_once(self) -> None:
        done: list[bytes] = []
        with asyncio.Runner() as runner:
            shrinker = Shrinker(runner.get_loop())
            shrinker.shrink("a", len(TEXT), lambda: TEXT, done.append)
        assert [gzip.decompress(body) for body in done] == [TEXT]

    def test_does_long_ones_in_a_thread_each_once(self) -> None:
        async def main() -> bytes:
            loop = asyncio.get_running_loop()
            done: asyncio.Future[bytes] = loop.create_future()
            shrinker = Shrinker(loop)
            assert shrinker.may_take("a", len(LONG))
            shrinker.shrink("a", len(LONG), lambda: LONG, done.set_result)
            assert not shrinker.may_take("a", len(LONG))
            body = await done
            assert shrinker.may_take("a", len(LONG))
            return body

        assert gzip.decompress(asyncio.run(main())) == LONG

    def test_does_so_many_at_a_time(self) -> None:
        async def main() -> None:
            loop = asyncio.get_running_loop()
            futures: list[asyncio.Future[bytes]] = [loop.create_future() for _ in range(4)]
            shrinker = Shrinker(loop)
            for number, future in enumerate(futures):
                shrinker.shrink(number, len(LONG), lambda: LONG, future.set_result)
            assert not shrinker.may_take("another", len(LONG))
            assert shrinker.may_take("a short one", len(TEXT))
            await asyncio.gather(*futures)
            assert shrinker.may_take("another", len(LONG))

        asyncio.run(main())

    def test_does_not_try_again_what_does_not_get_smaller(self) -> None:
        with asyncio.Runner() as runner:
            shrinker = Shrinker(runner.get_loop())
            shrinker.shrink("a", len(NOISE), lambda: NOISE, lambda body: None)
            assert not shrinker.may_take("a", len(NOISE))
            assert shrinker.may_take("b", len(NOISE))

    def test_gets_over_a_file_that_cannot_be_read(self) -> None:
        def fails() -> bytes:
            raise OSError("a bad disk")

        async def main() -> None:
            shrinker = Shrinker(asyncio.get_running_loop())
            shrinker.shrink("a", len(LONG), fails, lambda body: None)
            for _ in range(1000):
                if shrinker.may_take("a", len(LONG)):
                    return
                await asyncio.sleep(0)
            raise AssertionError("it is still busy")

        asyncio.run(main())
