"""Reading a page the way a browser does: as a tree, not as a string."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "br", "link", "img", "input", "hr", "base"})


@dataclass
class Node:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    content: list[Node | str] = field(default_factory=list)

    @property
    def children(self) -> list[Node]:
        return [part for part in self.content if isinstance(part, Node)]

    @property
    def own(self) -> str:
        """Its text without that of its elements."""
        return "".join(part for part in self.content if isinstance(part, str))

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._parts()).split())

    def _parts(self) -> list[str]:
        return [
            text
            for part in self.content
            for text in (part._parts() if isinstance(part, Node) else [part])
        ]

    def walk(self) -> list[Node]:
        return [self, *(found for child in self.children for found in child.walk())]

    def all(self, tag: str = "", name: str = "") -> list[Node]:
        """Elements with a tag and a class."""
        return [
            node
            for node in self.walk()
            if (not tag or node.tag == tag)
            and (not name or name in node.attributes.get("class", "").split())
        ]

    def one(self, tag: str = "", name: str = "") -> Node:
        (found,) = self.all(tag, name)
        return found

    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """Tags and names of attributes, in order: what no text may change."""
        return [(node.tag, tuple(node.attributes)) for node in self.walk()]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("document")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].content.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].content.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].content.append(data)


def read(page: str) -> Node:
    """Parse a page; an element that is not closed where it should be is an error."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == [reader.root]
    return reader.root
