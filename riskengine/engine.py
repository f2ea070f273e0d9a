"""The one call: an assessment in, an explained recommendation out. The casebook is never read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from riskengine import __version__
from riskengine.documents import load_document
from riskengine.errors import Language, NotFoundError, UseError
from riskengine.explanation.assistance import (
    Assistance,
    AssistanceCatalogue,
    compile_assistance,
)
from riskengine.explanation.compose import Composer
from riskengine.explanation.texts import TextCatalogue, Texts, joined
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.model import Instrument
from riskengine.policy.alerts import AlertTask
from riskengine.policy.bands import resolve
from riskengine.policy.compiled import Policy, compile_policy
from riskengine.policy.history import PastEvent, PastTier
from riskengine.policy.jurisdictions import has_set
from riskengine.policy.statutory import StatutorySet
from riskengine.recommendation import Provenance, Recommendation
from riskengine.scorecard.audit import instrument_hash
from riskengine.scorecard.compiled import Scorecard
from riskengine.store.installation import installation
from riskengine.store.law import find_law
from riskengine.store.lookup import (
    LoadedModel,
    edited_file,
    find_catalogue,
    find_model,
    find_policy,
)
from riskengine.store.places import registry_log

if TYPE_CHECKING:
    from riskengine.explanation.document import Explanation
    from riskengine.explanation.plausible import Plausible

Frame = TypeVar("Frame")
"""A data frame of pandas or Polars, or a table of Arrow."""

DEFAULT_MODEL = "cn_serious_noncompliance"
DEFAULT_POLICY = "cn_default"
_EXPLANATION_TEXTS = ("explanation", "changes")
"""Text catalogues that explanations need beside the engine's own."""
_RESEARCH_PURPOSES = ("benchmark", "historical")


@dataclass(frozen=True, repr=False)
class Engine:
    """A scorecard, a policy and the law of the installation, ready to be asked.

    Use `Engine.load`. An engine is immutable and safe to share between threads.

    Attributes
    ----------
    research
        A score and no tier; set for benchmark models.
    """

    scorecard: Scorecard
    policy: Policy | None
    law: StatutorySet | None
    research: bool
    provenance: Provenance
    _assistance: Assistance
    _texts: Mapping[Language, Texts]
    _alert_official: str | None = None

    @classmethod
    def load(
        cls,
        model: str | Path = DEFAULT_MODEL,
        policy: str | None = DEFAULT_POLICY,
        *,
        research: bool = False,
        replay: bool = False,
    ) -> Engine:
        """Load and check everything that a recommendation needs.

        Parameters
        ----------
        model
            Name, ``name@version``, or folder of a model.
        policy
            Name or ``name@version``; not used in research mode.
        research
            Allow a benchmark or historical model: a score, watermarked, and no tier. It is no way
            around the law: an instrument of this jurisdiction stays under its statutory set.
        replay
            Allow a version that the agency's registry has retired, to compute an old
            recommendation again. One that is silent or a candidate is shown to nobody, ever.

        Raises
        ------
        UseError
            Where model, policy and installation do not belong together.
        NotFoundError, ArtefactError
            Where something is missing or refused.

        Examples
        --------
        >>> engine = Engine.load()  # doctest: +SKIP
        >>> engine.recommend(assessment, on=date(2026, 3, 2)).headline  # doctest: +SKIP
        """
        loaded = find_model(model)
        document = loaded.scorecard.document
        instrument = loaded.scorecard.instrument
        here = installation()
        jurisdiction = here.jurisdiction
        if here.signed_models_only:
            # cryptography is read only by those who ask for signatures
            from riskengine.registry.signatures import require_signed

            require_signed(loaded)
        if registry_log() is not None:
            _check_stage(loaded, here.district, replay=replay, research=research)
        if document.purpose in _RESEARCH_PURPOSES and not research:
            raise UseError(
                f"model [{document.id}] is a {document.purpose} model and never serves a decision "
                "about a person; research mode (research=True, --research) gives its score alone"
            )
        compiled: Policy | None = None
        law: StatutorySet | None = None
        policy_name = policy_hash = None
        if not research:
            if policy is None:
                raise UseError("a tier needs a policy; without one there is research mode only")
            policy_document, policy_hash = find_policy(policy)
            if policy_document.purpose in _RESEARCH_PURPOSES:
                raise UseError(
                    f"policy [{policy_document.id}] is a {policy_document.purpose} policy: it can "
                    "be checked, explained and compared, and never serves a decision about a "
                    "person"
                )
            for what, belongs in (
                (f"instrument [{instrument.id}]", instrument.jurisdiction),
                (f"policy [{policy_document.id}]", policy_document.jurisdiction),
            ):
                if belongs != jurisdiction:
                    raise UseError(
                        f"{what} belongs to jurisdiction [{belongs}]; this installation is fixed "
                        f"to [{jurisdiction}]"
                    )
            law = find_law(jurisdiction)
            law.check_policy(policy_document)
            cuts = resolve(policy_document.bands, document, policy=policy_document.id)
            compiled = compile_policy(policy_document, instrument, cuts, scored=document.items)
            policy_name = f"{policy_document.id}@{policy_document.version}"
        elif instrument.jurisdiction == jurisdiction and has_set(jurisdiction):
            # research on our own people is under the law too; a benchmark from elsewhere is not
            law = find_law(jurisdiction)
        if law is not None:
            law.check_instrument(instrument)
        return cls(
            scorecard=loaded.scorecard,
            policy=compiled,
            law=law,
            research=research,
            provenance=_provenance(loaded, policy_name, policy_hash, jurisdiction, law),
            _assistance=_assistance(instrument),
            _texts=_joined([_catalogue("engine")]),
            _alert_official=here.alert_official,
        )

    def __repr__(self) -> str:
        policy = self.provenance.policy or "research mode, no policy"
        return f"<Engine {self.provenance.model}, {policy}>"

    @property
    def instrument(self) -> Instrument:
        """The instrument that assessments must belong to."""
        return self.scorecard.instrument

    def check_in_force(self, on: date) -> None:
        """Refuse a day on which the policy is not in force.

        Raises
        ------
        UseError
            Naming policy and day.
        """
        if self.policy is not None and not self.policy.document.in_force(on):
            raise UseError(
                f"policy [{self.provenance.policy}] is not in force on [{on.isoformat()}]"
            )

    def checked(self, assessment: Assessment, on: date) -> Assessment:
        """Give an assessment back as the law admits it, if it is one for this engine and day.

        What is sealed is taken out; see `StatutorySet.admit`.

        Raises
        ------
        UseError
            Where it belongs to another instrument, or lies after the day of the recommendation.
        """
        if instrument_hash(assessment.instrument) != self.provenance.instrument_sha256:
            raise UseError(
                f"the assessment belongs to instrument [{assessment.instrument.id}"
                f"@{assessment.instrument.version}], the engine to [{self.instrument.id}"
                f"@{self.instrument.version}]"
            )
        if assessment.assessed_on > on:
            raise UseError(
                f"the assessment of [{assessment.assessed_on.isoformat()}] is later than the "
                f"recommendation of [{on.isoformat()}]"
            )
        return assessment if self.law is None else self.law.admit(assessment, on)

    def assessment(self, raw: Mapping[str, object]) -> Assessment:
        """Check a JSON-like mapping, and take out what is sealed; see `Assessment.from_dict`."""
        found = Assessment.from_dict(raw, self.instrument)
        return found if self.law is None else self.law.admit(found, found.assessed_on)

    def recommend(
        self,
        assessment: Assessment,
        *,
        on: date,
        history: Sequence[PastTier] = (),
        alerts: Sequence[AlertTask] = (),
        events: Sequence[PastEvent] | None = None,
        lang: Language = "zh",
    ) -> Recommendation:
        """Recommend a tier, with everything that stands behind it.

        Parameters
        ----------
        assessment
            A checked assessment of this engine's instrument.
        on
            Day of the recommendation; there is no hidden clock.
        history
            Tiers that named persons decided earlier.
        alerts
            Tasks that safety alerts of this person opened, with their closings. While one is open
            no tier goes down.
        events
            Sanctions and other events with their days; ``None`` where nobody hands any over.
        lang
            Language of every sentence.

        Returns
        -------
        Recommendation
            Never a decision: a named person makes that.
        """
        admitted = self.checked(assessment, on)
        self.check_in_force(on)
        composer = self._composer(self._texts[lang])
        composed = composer.compose(admitted, on=on, history=history, events=events, tasks=alerts)
        return composed.recommendation

    def explain(
        self,
        assessment: Assessment,
        *,
        on: date,
        history: Sequence[PastTier] = (),
        alerts: Sequence[AlertTask] = (),
        events: Sequence[PastEvent] | None = None,
        lang: Language = "zh",
    ) -> Explanation:
        """Recommend as `recommend` does, and say why, how sure, and what would change it.

        Parameters
        ----------
        assessment, on, history, alerts, events, lang
            As for `recommend`.

        Returns
        -------
        Explanation
            For officers and reviewers. What the person reads is made of it by
            `riskengine.explanation.disclosure.for_person`, what goes with a referral by
            `for_referral`: whatever was given in confidence is in neither.
        """
        # the officer who only wants a recommendation does not wait for this
        from riskengine.explanation.explain import explain

        admitted = self.checked(assessment, on)
        self.check_in_force(on)
        told = self._told
        composer = self._composer(
            self._every_text[lang], None if told is None else told[lang], self._plausible
        )
        return explain(composer, admitted, on=on, history=history, events=events, tasks=alerts)

    def _composer(
        self, say: Texts, told: Texts | None = None, plausible: Plausible | None = None
    ) -> Composer:
        return Composer(
            scorecard=self.scorecard,
            policy=self.policy,
            law=self.law,
            assistance=self._assistance,
            provenance=self.provenance,
            research=self.research,
            say=say,
            alert_official=self._alert_official,
            told=told,
            plausible=plausible,
        )

    @cached_property
    def _plausible(self) -> Plausible:
        """What answers could become; read when first needed."""
        from riskengine.explanation.plausible import (
            ChangeCatalogue,
            Plausible,
            compile_changes,
        )

        raw = find_catalogue("changes", self.instrument.id)
        if raw is None:
            return Plausible(self.instrument)
        catalogue = ChangeCatalogue.model_validate(raw, strict=False)
        return compile_changes(catalogue, self.instrument)

    @cached_property
    def _every_text(self) -> Mapping[Language, Texts]:
        """Sentences of the engine and of its explanations; read when first needed."""
        return _joined([_catalogue(name) for name in ("engine", *_EXPLANATION_TEXTS)])

    @cached_property
    def _told(self) -> Mapping[Language, Texts] | None:
        """What the person is told about an answer; an instrument may have no such catalogue."""
        name = f"told_{self.instrument.id}"
        return None if find_catalogue("texts", name) is None else _joined([_catalogue(name)])

    def recommend_frame(
        self, frame: Frame, *, on: date, explain: bool = False, lang: Language = "zh"
    ) -> tuple[Frame, Frame]:
        """Recommend for every row of a data frame, with what one person would be told.

        Parameters
        ----------
        frame
            Of pandas, Polars or Arrow: native or instrument columns, a person a row.
        on
            Day of the recommendation.
        explain
            Add one column a term with its contribution.
        lang
            Language of the rejects' messages.

        Returns
        -------
        results
            ``id``, ``score``, ``probability``, ``probability_low``, ``probability_high``,
            ``tier``, ``status``, ``binding_rule``, ``alerts``, and contributions where asked for;
            a frame of the same kind, in the order of the rows.
        rejects
            One line a problem of every row that could not be used (``row``, ``person``, ``item``,
            ``value``, ``code``, ``accepted``, ``message``). Together the two hold every row.
        """
        from riskengine.batch.frames import recommend_frame

        return recommend_frame(self, frame, on=on, explain=explain, lang=lang)


def _check_stage(
    loaded: LoadedModel, district: str | None, *, replay: bool, research: bool
) -> None:
    """Refuse a model that the agency registered and that is not live here."""
    from riskengine.store.stages import stages_here

    stages = stages_here()
    if stages is None or loaded.name not in stages.sha256:
        return
    if stages.serves(loaded.name, district):
        return
    here = stages.here(loaded.name, district)
    if replay and here & {"live", "retired"}:
        return
    if research and "silent" not in here:
        return
    stated = ", ".join(sorted(here)) or "registered for other districts"
    raise UseError(
        f"model [{loaded.name}] is not live here ({stated}): it recommends nothing. Its way to "
        "use is `riskengine registry promote`"
    )


def _catalogue(name: str) -> TextCatalogue:
    raw = find_catalogue("texts", name)
    if raw is None:
        raise NotFoundError(f"the texts [{name}] are missing: run `riskengine schema build`")
    return TextCatalogue.model_validate(raw, strict=False)


def _joined(catalogues: Sequence[TextCatalogue]) -> dict[Language, Texts]:
    return {"zh": joined(catalogues, "zh"), "en": joined(catalogues, "en")}


def _assistance(instrument: Instrument) -> Assistance:
    path = edited_file("assistance", instrument.id)
    if path is None:
        return Assistance()
    catalogue = load_document(AssistanceCatalogue, path.read_bytes(), source=path.name)
    return compile_assistance(catalogue, instrument)


def _provenance(
    loaded: LoadedModel,
    policy: str | None,
    policy_hash: str | None,
    jurisdiction: str,
    law: StatutorySet | None,
) -> Provenance:
    document, instrument = loaded.scorecard.document, loaded.scorecard.instrument
    return Provenance(
        engine=__version__,
        instrument=f"{instrument.id}@{instrument.version}",
        instrument_sha256=instrument_hash(instrument),
        model=f"{document.id}@{document.version}",
        model_sha256=loaded.sha256,
        policy=policy,
        policy_sha256=policy_hash,
        jurisdiction=jurisdiction,
        statutory_set=None if law is None else f"{law.jurisdiction}@{law.version}",
    )
