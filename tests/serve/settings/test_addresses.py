import tomllib

import pytest

from hedgerow.serve.settings.addresses import (
    ADDRESS,
    REPLICAS,
    ReplicaUrl,
    same_address,
)
from hedgerow.serve.settings.kinds import Kind, Refused


def refused(kind: Kind, value: object) -> str:
    with pytest.raises(Refused) as caught:
        kind.read(value)
    return f"{caught.value.must}. {caught.value.fix}"


class TestReplicas:
    @pytest.mark.parametrize(
        ("url", "replica", "written"),
        [
            ("http://10.0.0.1:9000", ReplicaUrl("http", "10.0.0.1", 9000), "http://10.0.0.1:9000"),
            ("http://app/", ReplicaUrl("http", "app", 80), "http://app"),
            ("https://App.example", ReplicaUrl("https", "app.example", 443), "https://app.example"),
            ("http://[::1]:9000", ReplicaUrl("http", "::1", 9000), "http://[::1]:9000"),
            ("https://app:80", ReplicaUrl("https", "app", 80), "https://app:80"),
        ],
    )
    def test_take(self, url: str, replica: ReplicaUrl, written: str) -> None:
        assert REPLICAS.read([url]) == (replica,)
        assert replica.url == written

    @pytest.mark.parametrize(
        ("url", "fact"),
        [
            ("10.0.0.1:9000", 'Write "http://10.0.0.1:9000"'),
            ("./public", "http:// or https://"),
            ("ftp://app", "http:// or https://"),
            ("http://", "with a host"),
            ("http://a b", "with a host"),
            ("http://app:port", "valid host and port"),
            ("http://app:70000", "valid host and port"),
            ("http://app:0", "1 to 65535"),
            ("http://[::1", "valid host and port"),
            ("http://me:secret@app", 'Write "http://app"'),
            ("http://app:9000/api", 'Write "http://app:9000"'),
            ("http://app?x=1", "without path, query"),
        ],
    )
    def test_refuse(self, url: str, fact: str) -> None:
        assert fact in refused(REPLICAS, [url])

    def test_do_not_show_a_password_in_what_to_write(self) -> None:
        assert "secret" not in refused(REPLICAS, ["http://me:secret@app"])

    def test_refuse_the_same_address_in_two_forms(self) -> None:
        assert '"http://app" twice' in refused(REPLICAS, ["http://app", "http://APP:80/"])

    def test_refuse_a_single_url_without_brackets(self) -> None:
        assert "in brackets" in refused(REPLICAS, "http://app")


class TestWeight:
    TABLE = {"url": "http://app:9000", "weight": 2}  # noqa: RUF012

    def test_is_one_where_a_url_is_only_text(self) -> None:
        assert REPLICAS.read(["http://app"])[0].weight == 1.0

    @pytest.mark.parametrize("weight", [2, 0.5, 1_000_000])
    def test_stands_in_a_table_with_the_url(self, weight: float) -> None:
        replica = ReplicaUrl("http", "app", 80, weight)
        assert REPLICAS.read([{"url": "http://app", "weight": weight}]) == (replica,)

    def test_may_be_left_out_of_the_table(self) -> None:
        assert REPLICAS.read([{"url": "http://app"}]) == REPLICAS.read(["http://app"])

    @pytest.mark.parametrize("weight", [1, 2, 0.5, 0.001])
    def test_is_written_so_that_it_reads_back(self, weight: float) -> None:
        replicas = REPLICAS.read([{"url": "https://app", "weight": weight}, "http://b"])
        written = tomllib.loads(f"x = {REPLICAS.write(replicas)}")["x"]
        assert REPLICAS.read(written) == replicas

    def test_of_one_is_written_as_text(self) -> None:
        assert REPLICAS.write(REPLICAS.read([{"url": "http://a", "weight": 1}])) == '["http://a"]'

    def test_makes_no_second_replica_of_the_same_address(self) -> None:
        message = refused(REPLICAS, ["http://app", {"url": "http://app", "weight": 2}])
        assert '"http://app" twice' in message

    @pytest.mark.parametrize("weight", [0, -1, "2", True, float("nan"), float("inf"), 1e7, None])
    def test_is_a_number_above_zero(self, weight: object) -> None:
        message = refused(REPLICAS, [{"url": "http://app", "weight": weight}])
        assert "a weight above 0" in message
        assert "leave the replica out" in message

    @pytest.mark.parametrize(
        ("table", "fact"),
        [
            ({"url": "http://app", "wieght": 2}, "Did you mean weight?"),
            ({"url": "http://app", "zone": "b"}, "a table of url and weight"),
            ({"weight": 2}, '{url = "http://10.0.0.1:9000", weight = 2}'),
            ({"url": "app"}, 'Write "http://app"'),
        ],
    )
    def test_is_the_only_thing_beside_the_url(self, table: object, fact: str) -> None:
        assert fact in refused(REPLICAS, [table])


class TestHostOfAReplica:
    @pytest.mark.parametrize(
        ("url", "is_name"),
        [
            ("http://app", True),
            ("http://app.example:9000", True),
            ("http://localhost", True),
            ("http://10.0.0.1:9000", False),
            ("http://[::1]", False),
        ],
    )
    def test_is_a_name_or_an_address(self, url: str, is_name: bool) -> None:
        assert REPLICAS.read([url])[0].is_name is is_name


class TestAddress:
    @pytest.mark.parametrize(
        "address",
        ["127.0.0.1:8080", "[::1]:0", ":81", "localhost:0", "0.0.0.0:80", "unix:/run/x.sock"],
    )
    def test_takes_one(self, address: str) -> None:
        assert ADDRESS.read(address) == address

    def test_takes_a_star_for_everybody(self) -> None:
        assert ADDRESS.read("*:8080") == ":8080"

    @pytest.mark.parametrize("value", [[":80"], "8081", "http://127.0.0.1:81", ""])
    def test_takes_no_list_and_no_url(self, value: object) -> None:
        assert refused(ADDRESS, value)

    @pytest.mark.parametrize(
        ("value", "fact"),
        [
            ("8080", '"127.0.0.1:8080"'),
            (8080, '":8080" for everybody'),
            ("127.0.0.1", "host:port"),
            ("::1:8080", "[v6 address]:port"),
            ("127.0.0.1:http", "host:port"),
            ("127.0.0.1:65536", "65535"),
            ("http://127.0.0.1:80", "host:port"),
            ("unix:", "unix:/run/hedgerow.sock"),
            (True, "text in quotes"),
        ],
    )
    def test_refuses(self, value: object, fact: str) -> None:
        assert fact in refused(ADDRESS, value)


class TestTwoAddresses:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("127.0.0.1:80", "127.0.0.1:80"),
            (":80", "127.0.0.1:80"),
            ("127.0.0.1:80", "0.0.0.0:80"),
            ("[::]:80", "[::1]:80"),
            ("unix:/x", "unix:/x"),
        ],
    )
    def test_are_the_same(self, one: str, other: str) -> None:
        assert same_address(one, other)
        assert same_address(other, one)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("127.0.0.1:80", "127.0.0.1:81"),
            ("127.0.0.1:80", "10.0.0.1:80"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("unix:/x", "unix:/y"),
            ("unix:/x", ":80"),
        ],
    )
    def test_are_two(self, one: str, other: str) -> None:
        assert not same_address(one, other)
        assert not same_address(other, one)
