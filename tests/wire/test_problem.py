import json
import re

from hedgerow.wire.problem import problem_body, problem_fields, refusal


class TestProblemBody:
    def test_has_the_members_of_rfc_9457(self) -> None:
        assert json.loads(problem_body(413, "too much")) == {
            "type": "about:blank",
            "title": "Content Too Large",
            "status": 413,
            "detail": "too much",
        }


class TestProblemFields:
    def test_name_the_media_type_and_forbid_storing(self) -> None:
        assert problem_fields() == (
            b"Content-Type: application/problem+json\r\nCache-Control: no-store\r\n"
        )

    def test_may_tell_when_to_come_back(self) -> None:
        assert problem_fields(3).endswith(b"Retry-After: 3\r\n")


class TestRefusal:
    def test_is_a_whole_last_answer(self) -> None:
        head, _, body = refusal(400, "no", to_head=False).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"\r\nConnection: close" in head
        assert re.search(rb"\r\nDate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\n", head)
        assert b"\r\nContent-Length: %d" % len(body) in head
        assert json.loads(body)["detail"] == "no"

    def test_to_a_head_leaves_the_body_out(self) -> None:
        assert refusal(400, "no", to_head=True).endswith(b"Connection: close\r\n\r\n")
