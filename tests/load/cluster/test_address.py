import pytest

from hedgerow.errors import ConfigError
from hedgerow.load.cluster.address import ClusterAddress


class TestClusterAddress:
    @pytest.mark.parametrize(
        ("text", "read"),
        [
            ("dask://loadgen-1:8786", ClusterAddress("loadgen-1", 8786)),
            ("dask://10.0.0.1:8786/", ClusterAddress("10.0.0.1", 8786)),
            ("dask://[::1]:8786", ClusterAddress("[::1]", 8786)),
            ("tls://a.example:443", ClusterAddress("a.example", 443, wants_tls=True)),
            ("dask://a:1?shards=workers", ClusterAddress("a", 1, "workers")),
            ("dask://a:1?shards=hosts", ClusterAddress("a", 1, "hosts")),
        ],
    )
    def test_is_read(self, text: str, read: ClusterAddress) -> None:
        assert ClusterAddress.parse(text) == read

    @pytest.mark.parametrize(
        "text",
        [
            "dask://host", "dask://:8786", "dask://host:0", "dask://host:65536", "tcp://host:8786",
            "ray://host:1", "dask://host:8786/path", "dask://host:8786?shards=cores", "host:8786",
        ],
    )  # fmt: skip
    def test_is_refused_when_it_is_not_one(self, text: str) -> None:
        with pytest.raises(ConfigError, match=r"--cluster .* Write --cluster dask://host:8786"):
            ClusterAddress.parse(text)

    def test_is_given_to_dask_in_its_own_words(self) -> None:
        address = ClusterAddress("[::1]", 8786)
        assert address.url(is_tls=False) == "tcp://[::1]:8786"
        assert address.url(is_tls=True) == "tls://[::1]:8786"
