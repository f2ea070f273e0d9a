"""Who looks at a page, in which district and language; and pages that say what went wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from starlette.datastructures import FormData

from riskengine.casebook import database as book
from riskengine.casebook.actors import Actor as Official
from riskengine.casebook.actors import Role
from riskengine.casebook.database import Casebook, Transaction
from riskengine.casebook.errors import CasebookError, NotHere
from riskengine.casebook.lookups import suspension
from riskengine.casebook.times import day_of
from riskengine.engine import Engine
from riskengine.errors import AssessmentError, Language, RiskEngineError
from riskengine.explanation.texts import Texts
from riskengine.reports.figures import written_day
from riskengine.reports.templating import HTML_LANG
from riskengine.server.access import current_actor
from riskengine.server.accounts.actor import Actor
from riskengine.server.pages import assets
from riskengine.server.pages.rendering import html
from riskengine.server.pages.texts import desk_texts, page_language
from riskengine.server.pages.ways import go, safe_path
from riskengine.server.problems import Refusal, from_library, log, refuse, request_id
from riskengine.server.services import Services, services
from riskengine.server.texts import server_texts

DISTRICT_COOKIE = "riskengine-district"
DONE = frozenset(
    {
        "signed_in", "password", "opened", "saved", "signed", "own_view", "proposed", "decided",
        "returned", "withdrawn", "looked", "commented", "requested", "assigned", "answered",
        "read", "corrected", "closed_alert", "suspended", "lifted", "dropped", "on_file",
        "paper_assessment", "entered", "ratings_asked", "no_ratings_asked", "rated", "erased",
        "settled",
    }
)  # fmt: skip
"""What a page may say at its top after something was done; anything else in an address is not."""


class Given(dict[str, str]):
    """What stood in a form before; a field that did not is empty."""

    def __missing__(self, name: str) -> str:
        return ""


class Form:
    """A posted form: plain text fields, each taken as it was written."""

    def __init__(self, data: FormData) -> None:
        self.data = data

    def text(self, name: str) -> str:
        """One field, with the blanks around it taken off; empty where it is missing."""
        value = self.data.get(name)
        return value.strip() if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """Every value of a field."""
        return [value for value in self.data.getlist(name) if isinstance(value, str)]

    def has(self, name: str) -> bool:
        """Whether a field was sent."""
        return name in self.data

    def day(self, name: str) -> date | None:
        """A day, or ``None`` for anything that is not one."""
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            return None

    def plain(self) -> Given:
        """All text fields, for showing a form again."""
        return Given({n: value for n, value in self.data.items() if isinstance(value, str)})


async def posted(request: Request) -> AsyncIterator[Form]:
    """Read a posted form, and close its file; its size was limited before it came here."""
    async with request.form(max_files=1, max_fields=2000) as data:
        yield Form(data)


Posted = Annotated[Form, Depends(posted)]


@dataclass
class Desk:
    """What a page works with.

    Attributes
    ----------
    official
        The same person as the casebook knows one: in one district, with the roles there.
    """

    request: Request
    here: Services
    actor: Actor
    official: Official
    lang: Language
    say: Texts

    @property
    def district(self) -> str:
        """The district whose record is open."""
        return self.official.district

    @property
    def engine(self) -> Engine:
        """Model and policy in force in the district."""
        return self.here.engines[self.district]

    @property
    def casebook(self) -> Casebook:
        """The record."""
        return self.here.book

    @property
    def at(self) -> datetime:
        """The time now."""
        return self.here.clock()

    @cached_property
    def today(self) -> date:
        """The day as the record writes days; one for all that a page says."""
        from riskengine.casebook.times import stamp

        return day_of(stamp(self.at))

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Read the record."""
        with book.reading(self.casebook) as tx:
            yield tx

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Write to the district's chain."""
        with book.writing(self.casebook, self.district) as tx:
            yield tx

    def may(self, *roles: Role) -> bool:
        """Whether one of the roles is held here."""
        return self.official.may(*roles)

    def require(self, *roles: Role) -> None:
        """Refuse whoever has none of these roles here."""
        if not self.may(*roles):
            raise refuse(
                403, "needs_role", roles=self.say.listed(r.label[self.lang] for r in roles)
            )

    def day(self, day: date | None) -> str:
        """Write a day as the language does."""
        return "" if day is None else written_day(day, self.lang)

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Answer with a page within the common frame."""
        with self.reading() as tx:
            held = suspension(tx, self.district)
        return html(
            template,
            status,
            **frame(self.request, self.lang, self.say),
            desk=self,
            suspended=None if held is None else self.day(day_of(held.since)),
            **values,
        )


def frame(request: Request, lang: Language, say: Texts) -> dict[str, Any]:
    """What every page carries around its content."""
    done = request.query_params.get("done", "")
    path = request.url.path
    query = f"?{request.url.query}" if request.url.query and request.method == "GET" else ""
    return {
        "say": say,
        "lang": lang,
        "html_lang": HTML_LANG[lang],
        "stylesheet": assets.address("desk.css"),
        "sheet_stylesheet": assets.address("sheet.css"),
        "icon": assets.address("icon.svg"),
        "path": path,
        "here": safe_path(path + query),
        "done": done if done in DONE else "",
        "Role": Role,
    }


def signed_desk(request: Request, actor: Annotated[Actor, Depends(current_actor)]) -> Desk:
    """Open the desk of whoever is signed in; a key of another system has none."""
    if actor.scopes is not None:
        raise refuse(403, "needs_role", roles="session")
    lang = page_language(request)
    chosen = request.cookies.get(DISTRICT_COOKIE)
    districts = actor.districts
    if not districts:
        raise refuse(403, "needs_role", roles="officer")
    district = chosen if chosen in districts else districts[0]
    official = Official(
        id=actor.id,
        name=actor.name,
        district=district,
        roles=frozenset(Role(role) for role in actor.roles_in(district)),
    )
    return Desk(request, services(request), actor, official, lang, desk_texts(lang))


AtDesk = Annotated[Desk, Depends(signed_desk)]


def told(error: CasebookError | RiskEngineError, lang: Language) -> list[str]:
    """What a refusal says, in sentences for the reader of a form."""
    if isinstance(error, CasebookError):
        return [error.text(lang)]
    if isinstance(error, AssessmentError):
        return [one.text(lang) for one in error.problems]
    return [str(error)]


def _sentence(refusal: Refusal, lang: Language) -> list[str]:
    if refusal.problems:
        return [one.text(lang) for one in refusal.problems]
    return [server_texts(lang)(refusal.key, **refusal.values)]


def trouble(
    request: Request, status: int, sentences: list[str], headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with a page that says what went wrong and where to go on."""
    lang = page_language(request)
    say = desk_texts(lang)
    known = status if status in (403, 404, 409, 413, 422, 429, 503) else 400
    response = html(
        "trouble.html.j2",
        status,
        **frame(request, lang, say),
        desk=None,
        suspended=None,
        title=say(f"trouble_{500 if status >= 500 and status != 503 else known}"),
        # whether something exists elsewhere is nobody's business: no reason with a 404
        sentences=[] if status == 404 else sentences,
        number=request_id(request),
    )
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def refused_page(request: Request, refusal: Refusal) -> Response:
    """Answer a refusal of the service as a page."""
    if refusal.status == 401:
        if request.method == "GET":
            back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return go("/sign-in", next=safe_path(back))
        return go("/sign-in")
    if refusal.key == "change_password_first":
        return go("/password")
    lang = page_language(request)
    return trouble(request, refusal.status, _sentence(refusal, lang), refusal.headers)


class PageRoute(APIRoute):
    """A route whose refusals are pages in the reader's language, not problem documents."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except Refusal as refusal:
                return refused_page(request, refusal)
            except NotHere:
                return trouble(request, 404, [])
            except CasebookError as error:
                return trouble(request, 409, [error.text(page_language(request))])
            except RequestValidationError:
                # an address or filter that no link of ours leads to
                return trouble(request, 404, [])
            except RiskEngineError as error:
                return refused_page(request, from_library(error))
            except Exception:
                # the log gets the trace and no content of the request; the reader gets its number
                log.exception("request %s failed", request_id(request))
                return trouble(request, 500, [])

        return handler


def local_path(path: str) -> str:
    """Quote a part of a path."""
    return quote(path, safe="")
