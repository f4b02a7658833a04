import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.errors import ConfigError
from hedgerow.report.jtl import JtlRow, JtlWriter, non_http, read_jtl, summarise
from hedgerow.report.summary import csv_cells
from tests.measure.oracle import many_examples

JMETERS_HEADER = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,"
    "failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect"
)
AT = 1_551_783_627_191

ROW = JtlRow(
    timestamp=AT,
    elapsed=351,
    label="GET /",
    success=True,
    response_code="200",
    response_message="OK",
    thread="users 1-1",
    bytes_in=18,
    bytes_out=8,
    group_threads=1,
    all_threads=2,
    url="http://127.0.0.1/",
    latency=350,
    connect=3,
)

texts = st.text(max_size=12) | st.text(alphabet=',;"\n\r a', max_size=8)
numbers = st.integers(0, 2**40)
rows = st.builds(
    JtlRow,
    timestamp=numbers,
    elapsed=numbers,
    label=texts,
    success=st.booleans(),
    response_code=texts,
    response_message=texts,
    thread=texts,
    data_type=texts,
    failure_message=texts,
    bytes_in=numbers,
    url=texts,
    latency=numbers,
    connect=numbers,
)


def written(path: Path, *samples: JtlRow) -> str:
    with JtlWriter(path) as writer:
        for sample in samples:
            writer.write(sample)
    return path.read_bytes().decode()


def read(path: Path, text: str) -> list[JtlRow]:
    path.write_text(text, encoding="utf-8")
    return list(read_jtl(path))


def complaint(path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(path, text)
    return str(caught.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.jtl"


class TestWriting:
    def test_begins_with_jmeters_header(self, file: Path) -> None:
        assert written(file) == JMETERS_HEADER + "\n"

    def test_writes_a_line_a_sample(self, file: Path) -> None:
        line = written(file, ROW).splitlines()[1]
        assert line == (
            f"{AT},351,GET /,200,OK,users 1-1,text,true,,18,8,1,2,http://127.0.0.1/,350,0,3"
        )

    def test_tells_failures_in_lower_case(self, file: Path) -> None:
        failed = JtlRow(timestamp=1, elapsed=2, label="x", success=False)
        assert ",false," in written(file, failed)

    def test_quotes_a_comma(self, file: Path) -> None:
        row = JtlRow(timestamp=1, elapsed=2, label="a,b", success=True)
        assert written(file, row).splitlines()[1].startswith('1,2,"a,b",,')

    def test_doubles_a_quote(self, file: Path) -> None:
        row = JtlRow(timestamp=1, elapsed=2, label='say "hi"', success=False)
        assert written(file, row).splitlines()[1].startswith('1,2,"say ""hi""",,,,text,false,')

    def test_quotes_a_line_break(self, file: Path) -> None:
        row = JtlRow(timestamp=1, elapsed=2, label="a\nb", success=True)
        assert '1,2,"a\nb",' in written(file, row)

    def test_survives_a_label_that_is_no_text(self, file: Path) -> None:
        row = JtlRow(timestamp=1, elapsed=2, label="\udcff", success=True)
        assert r"1,2,\udcff," in written(file, row)


class TestFailureWithoutAnAnswer:
    def test_is_worded_as_by_jmeter(self) -> None:
        assert non_http("connect_refused", "nobody listens") == (
            "Non HTTP response code: connect_refused",
            "Non HTTP response message: nobody listens",
        )


class TestReadingOurOwn:
    def test_gives_the_same_samples(self, file: Path) -> None:
        written(file, ROW, ROW)
        assert list(read_jtl(file)) == [ROW, ROW]

    @many_examples
    @given(samples=st.lists(rows, max_size=4))
    def test_gives_the_same_samples_whatever_their_texts(
        self, tmp_path_factory: pytest.TempPathFactory, samples: list[JtlRow]
    ) -> None:
        file = tmp_path_factory.getbasetemp() / "any.jtl"
        written(file, *samples)
        assert list(read_jtl(file)) == samples

    @many_examples
    @given(sample=rows)
    def test_gives_others_the_same_cells(
        self, tmp_path_factory: pytest.TempPathFactory, sample: JtlRow
    ) -> None:
        file = tmp_path_factory.getbasetemp() / "others.jtl"
        written(file, sample)
        with file.open(encoding="utf-8", newline="") as lines:
            _, cells = csv.reader(lines, strict=True)
        assert (cells[2], cells[8], cells[13]) == (sample.label, sample.failure_message, sample.url)


class TestReadingOthers:
    def test_takes_columns_in_any_order(self, file: Path) -> None:
        (row,) = read(file, "label,success,elapsed,timeStamp\nx,true,5,7\n")
        assert row == JtlRow(timestamp=7, elapsed=5, label="x", success=True)

    def test_skips_columns_that_it_does_not_know(self, file: Path) -> None:
        (row,) = read(file, "timeStamp,elapsed,label,success,Hostname\n1,2,x,false,here\n")
        assert row == JtlRow(timestamp=1, elapsed=2, label="x", success=False)

    def test_takes_an_empty_number_as_nothing(self, file: Path) -> None:
        (row,) = read(file, "timeStamp,elapsed,label,success,bytes\n1,2,x,true,\n")
        assert row.bytes_in == 0

    @pytest.mark.parametrize("mark", [";", "\t", "|"])
    def test_takes_another_delimiter(self, file: Path, mark: str) -> None:
        text = "timeStamp,elapsed,label,success\n1,2,x,true\n".replace(",", mark)
        assert len(read(file, text)) == 1

    def test_takes_a_byte_order_mark_and_windows_lines(self, file: Path) -> None:
        text = "\ufefftimeStamp,elapsed,label,success\r\n1,2,x,True\r\n"
        assert [row.success for row in read(file, text)] == [True]

    def test_skips_empty_lines(self, file: Path) -> None:
        assert read(file, "timeStamp,elapsed,label,success\n\n") == []


class TestUnreadable:
    def test_file_is_named(self, file: Path) -> None:
        with pytest.raises(ConfigError, match=r"run\.jtl.*No such file"):
            list(read_jtl(file))

    def test_line_is_named_with_its_value(self, file: Path) -> None:
        text = "timeStamp,elapsed,label,success\n1,2,x,true\n1,soon,x,true\n"
        told = complaint(file, text)
        assert "run.jtl, line 3, elapsed = 'soon': must be a whole number" in told

    def test_line_is_counted_in_the_file_and_not_in_samples(self, file: Path) -> None:
        text = 'timeStamp,elapsed,label,success\n1,2,"a\nb",true\n1,2,x,maybe\n'
        assert "line 4, success = 'maybe': must be true or false" in complaint(file, text)

    def test_line_was_cut_short(self, file: Path) -> None:
        assert "line 2" in complaint(file, "timeStamp,elapsed,label,success\n1,2,x")

    def test_xml_is_told_from_csv(self, file: Path) -> None:
        assert "output_format=csv" in complaint(file, '<?xml version="1.0"?>\n')

    def test_header_is_missing(self, file: Path) -> None:
        assert "print_field_names" in complaint(file, "1,2,x,true\n")

    def test_date_is_not_guessed(self, file: Path) -> None:
        text = "timeStamp,elapsed,label,success\n2026/01/01 10:00:00,2,x,true\n"
        assert "timestamp_format=ms" in complaint(file, text)

    def test_line_of_several_samples_is_refused(self, file: Path) -> None:
        text = "timeStamp,elapsed,label,success,SampleCount\n1,2,x,true,3\n"
        assert "SampleCount" in complaint(file, text)

    def test_overlong_field_is_told(self, file: Path) -> None:
        text = f"timeStamp,elapsed,label,success\n1,2,{'x' * 200_000},true\n"
        assert "line 2" in complaint(file, text)


class TestSummary:
    # login:  100, 200 and 301 ms from 0 to 2000 ms;  601 / 3 = 200.33, cut to 200;
    #         (100^2 + 200^2 + 301^2) / 3 - 200.33^2 = 6733.56, its root is 82.06;
    #         3 / 2 s = 1.5;  3000 B / 2 s / 1024 = 1.46;  600 / 2 / 1024 = 0.29
    # search: one failure of 50 ms from 500 to 550: 1 / 0.05 s = 20
    # TOTAL:  651 / 4 = 162.75;  143101 / 4 - 162.75^2 = 9287.69, its root is 96.37;
    #         3512 / 2 / 1024 = 1.71;  728 / 2 / 1024 = 0.36;  3512 / 4 = 878
    TEXT = (
        "timeStamp,elapsed,label,success,bytes,sentBytes\n"
        "1000000,100,login,true,1000,200\n"
        "1000500,50,search,false,512,128\n"
        "1000400,200,login,true,1000,200\n"
        "1001699,301,login,true,1000,200\n"
    )

    def test_equals_jmeters_figures(self, file: Path) -> None:
        lines = ["|".join(csv_cells(row)) for row in summarise(read(file, self.TEXT))]
        assert lines == [
            "login|3|200|100|301|82.06|0.000%|1.50000|1.46|0.29|1000.0",
            "search|1|50|50|50|0.00|100.000%|20.00000|10.00|2.50|512.0",
            "TOTAL|4|162|50|301|96.37|25.000%|2.00000|1.71|0.36|878.0",
        ]

    def test_of_nothing_is_an_empty_total(self) -> None:
        assert [(row.label, row.samples) for row in summarise([])] == [("TOTAL", 0)]

    def test_takes_samples_in_any_order(self, file: Path) -> None:
        samples = read(file, self.TEXT)
        assert summarise(reversed(samples))[-1] == summarise(samples)[-1]
