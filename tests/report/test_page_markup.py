"""HTML in which text is always escaped."""

from hedgerow.report.page.markup import Html, escaped, joined, tag


class TestText:
    def test_is_escaped_in_an_element(self) -> None:
        assert tag("p", "<b>&\"'") == "<p>&lt;b&gt;&amp;&quot;&#x27;</p>"

    def test_is_escaped_in_an_attribute(self) -> None:
        assert tag("p", title='"><script>') == '<p title="&quot;&gt;&lt;script&gt;"></p>'

    def test_that_is_html_already_stays_as_it_is(self) -> None:
        assert tag("p", tag("b", "x")) == "<p><b>x</b></p>"
        assert escaped(Html("<br>")) == "<br>"

    def test_of_joined_pieces_is_escaped_piece_by_piece(self) -> None:
        assert joined("<", None, tag("i", ">")) == "&lt;<i>&gt;</i>"


class TestAttribute:
    def test_is_spelt_as_html_spells_it(self) -> None:
        assert tag("p", class_="a", data_key="1") == '<p class="a" data-key="1"></p>'

    def test_without_a_value_is_a_word_or_left_out(self) -> None:
        assert tag("p", hidden=True, title=None, lang=False) == "<p hidden></p>"


class TestVoidElement:
    def test_has_no_end(self) -> None:
        assert tag("br") == "<br>"
