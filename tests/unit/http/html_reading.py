"""Reads pages as a browser does, so that tests see elements and texts instead of characters."""

from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser

_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr", "path", "circle"})


class Element:
    """
    An element of a page.

    Attributes:
        tag: Its name.
        attributes: As they were written; an attribute without a value has an empty one.
        children: Elements and texts in it.
    """

    def __init__(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Element | str] = []

    @property
    def text(self) -> str:
        """All text in it as a screen reader has it, white space run together."""
        return " ".join(self._raw_text().split())

    @property
    def classes(self) -> Sequence[str]:
        """Its classes."""
        return self.attributes.get("class", "").split()

    def all(self, tag: str = "", *, of_class: str = "", id: str = "") -> "Sequence[Element]":  # noqa: A002 - the attribute's name
        """The elements below it that are so."""
        return [
            element
            for element in self._below()
            if tag in ("", element.tag)
            and (not of_class or of_class in element.classes)
            and id in ("", element.attributes.get("id"))
        ]

    def one(self, tag: str = "", *, of_class: str = "", id: str = "") -> "Element":  # noqa: A002 - the attribute's name
        """The only element below it that is so."""
        (found,) = self.all(tag, of_class=of_class, id=id)
        return found

    def _raw_text(self) -> str:
        if self.attributes.get("aria-hidden") == "true":
            return ""
        return "".join(
            child if isinstance(child, str) else child._raw_text()  # noqa: SLF001 - the same class
            for child in self.children
        )

    def _below(self) -> "Iterator[Element]":
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child._below()  # noqa: SLF001 - the same class


def read_html(text: str) -> Element:
    """
    Read a page.

    Raises:
        AssertionError: Elements are not closed as they were opened.
    """
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert [element.tag for element in reader.open] == ["document"]
    return reader.open[0]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("document", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)
