"""Signing a slide's result: what must be done first, and the document, its pictures and its hash."""

import hashlib
from datetime import UTC, datetime

from core.errors import SmearscopeError
from core.files import shown_path
from core.review.accepted_pictures import accepted_pictures
from core.review.agreement import cohen_kappa
from core.review.decisions import ReadCell, read_cells
from core.review.notes import notes_to_sign
from core.review.progress import progress
from core.review.signed_result import (
    FieldToRepeat,
    ReaderAgreement,
    SignedCell,
    SignedField,
    SignedPicture,
    SignedReading,
    SignedResult,
    SignedUnder,
    canonical,
    patient_sha256,
    sha256_of,
)
from core.review.tallying import Tally, tally_of
from core.review.whole_fields import read_whole
from core.store import Role, ScoringStep, Signature, SlideRecord, Store, StoreError, TakenIn
from core.store.records import person
from core.tally import VerdictKind
from core.wording import Sentence, sentence


def blocks_signing(record: SlideRecord) -> tuple[Sentence, ...]:
    """What must be done before a slide can be signed, a sentence each; empty where it can be.

    - All that is laid before readers has been read, on a slide that the model is not valid for as on any
      other: its list is worth reading, and whoever reads a signed result takes the list for read. But a slide
      on which two readers agree is positive without that.
    - Where anybody accepted a cell or was unsure of one, or a second reading was begun: the second reader
      has read all, and an adjudicator all on which the two differ.
    """
    if record.slide.scoring != ScoringStep.SCORED or record.taken_in is None:
        return (sentence("signing.not_scored", step=record.slide.scoring),)
    if record.locked:
        return (sentence("signing.signed"),)
    left, found = progress(record), tally_of(record)
    if left.first_left:
        if found.verdict.kind == VerdictKind.POSITIVE:
            return ()
        return (sentence("signing.first_left", cells=left.first_left),)
    begun = any(Role.SECOND in cell.readings for cell in read_cells(record))
    doubtful = left.agreed + left.accepted_alone + left.disputed + left.unsure
    blocks = []
    if left.second_left and (begun or doubtful):
        blocks.append(sentence("signing.second_left", cells=left.second_left))
    if left.to_adjudicate:
        blocks.append(sentence("signing.to_adjudicate", cells=left.to_adjudicate))
    return tuple(blocks)


def sign(store: Store, slide_id: int, *, by: str) -> Signature:
    """Lock a slide's readings under a name, the time and the hash of what is signed.

    Raises
    ------
    StoreError
        Where something blocks signing (`blocks_signing`), a picture of an accepted cell cannot be had, or
        somebody writes to the slide meanwhile.
    """
    record = store.record(slide_id)
    blocks = blocks_signing(record)
    if blocks or record.taken_in is None:
        raise StoreError(sentence("signing.blocked"), *blocks)
    who = person(by)
    at = datetime.now(UTC)
    cells, tally = read_cells(record), tally_of(record)
    pictures = _pictures(record, record.taken_in, cells)
    document = canonical(_signed_result(record, record.taken_in, cells, tally, pictures, who, at))
    return store.signatures.add(record, document, sha256_of(document), pictures, by=who, at=at)


def _signed_result(
    record: SlideRecord,
    taken_in: TakenIn,
    cells: tuple[ReadCell, ...],
    tally: Tally,
    pictures: dict[int, bytes],
    who: str,
    at: datetime,
) -> SignedResult:
    result = taken_in.result
    amendment = record.amendments[-1].reason if record.amendments else None
    return SignedResult(
        slide=record.slide.name,
        fields=result.fields,
        cells=result.cells,
        evidence=tally.evidence,
        verdict=tally.verdict,
        reference=result.reference,
        options=result.options,
        model=result.model,
        versions=result.versions,
        signature=SignedUnder(
            version=len(record.signatures) + 1,
            by=who,
            at=at,
            amendment=amendment,
            previous_sha256=record.signatures[-1].sha256 if record.signatures else None,
            result_sha256=taken_in.sha256,
            patient_sha256=patient_sha256(record.case),
        ),
        readings=tuple(_signed_cell(cell) for cell in cells),
        agreement=_agreement(cells),
        fields_read=tuple(
            SignedField(number=one.id, field=one.field, reader=one.reader, role=role, at=one.at)
            for role, fields in read_whole(record.fields_read).items()
            for one in fields.values()
        ),
        fields_to_photograph_again=tuple(
            FieldToRepeat(field=flag.field, by=flag.by, reason=flag.reason) for flag in record.flags
        ),
        pictures=tuple(
            SignedPicture(candidate=candidate, sha256=hashlib.sha256(png).hexdigest())
            for candidate, png in pictures.items()
        ),
        notes=notes_to_sign(record),
    )


def _signed_cell(cell: ReadCell) -> SignedCell:
    candidate = cell.candidate
    x, y, width, height = candidate.box
    return SignedCell(
        candidate=candidate.id,
        kind=candidate.kind,
        rank=candidate.rank,
        infected_score=candidate.infected_score,
        why_not=candidate.why_not,
        field=candidate.field,
        x=x,
        y=y,
        width=width,
        height=height,
        decision=cell.decision,
        gametocyte=cell.gametocyte,
        readings=tuple(
            SignedReading(
                number=reading.id,
                reader=reading.reader,
                role=reading.role,
                call=reading.opinion.call,
                reason=reading.opinion.reason,
                stage=reading.opinion.stage,
                species=reading.opinion.species,
                at=reading.at,
            )
            for reading in cell.readings.values()
        ),
    )


def _agreement(cells: tuple[ReadCell, ...]) -> ReaderAgreement | None:
    pairs = [
        (cell.readings[Role.FIRST].opinion.call, cell.readings[Role.SECOND].opinion.call)
        for cell in cells
        if {Role.FIRST, Role.SECOND} <= cell.readings.keys()
    ]
    if not pairs:
        return None
    agreed = sum(first == second for first, second in pairs)
    return ReaderAgreement(cells=len(pairs), agreed=agreed, kappa=cohen_kappa(pairs))


def _pictures(record: SlideRecord, taken_in: TakenIn, cells: tuple[ReadCell, ...]) -> dict[int, bytes]:
    try:
        if hashlib.sha256((taken_in.folder / "result.json").read_bytes()).hexdigest() != taken_in.sha256:
            raise StoreError(sentence("signing.other_result", folder=shown_path(taken_in.folder)))
        return accepted_pictures(record.slide.folder, cells)
    except (OSError, SmearscopeError) as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(sentence("signing.no_pictures", why=str(error))) from error
