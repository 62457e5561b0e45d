"""Signing: documents that lock a slide's readings, amendments that open it again, and copies that leave."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from core.store.database import Database
from core.store.people import People, Right
from core.store.records import Amendment, Signature, SlideRecord, StoreError
from core.store.rows import records_of
from core.store.tables import AMENDMENTS, SIGNATURES, SIGNED_PICTURES
from core.store.writes import append, hold, hold_unsigned, note, now
from core.wording import sentence


class Signatures:
    """What was signed of slides, in the database of a `Store`; each method is one transaction."""

    def __init__(self, database: Database, people: People) -> None:
        self._database, self._people = database, people

    def begin_amendment(self, slide_id: int, reason: str, *, by: str) -> Amendment:
        """Open a signed slide to change; the next signature gives the next version, beside the old one."""
        who, at, why = self._people.require(by, Right.SIGN), now(), reason.strip()
        if not why:
            raise StoreError(sentence("store.no_reason"))
        with self._database.writing() as connection:
            hold(connection, slide_id)
            (record,) = records_of(connection, [slide_id])
            if not record.locked:
                raise StoreError(sentence("store.not_signed"))
            version = len(record.signatures) + 1
            append(connection, AMENDMENTS, slide_id=slide_id, version=version, by=who, reason=why, at=at)
            note(connection, who, "amendment begun", slide_id, version=version)
        return Amendment(slide_id, version, who, why, at)

    def add(
        self,
        signed: SlideRecord,
        document: str,
        sha256: str,
        pictures: Mapping[int, bytes],
        *,
        by: str,
        at: datetime,
    ) -> Signature:
        """Lock a slide's readings under a signed document; `core.review.sign` makes it.

        Parameters
        ----------
        signed
            What the document was made from.
        document, sha256
            Canonical JSON, and the hash of its UTF-8 bytes.
        pictures
            PNG files of accepted cells, by number of the candidate.
        by, at
            As the document has them.

        Raises
        ------
        StoreError
            Where anything was written about the slide since `signed` was read.
        """
        self._people.require(by, Right.SIGN)
        slide_id, version = signed.slide.id, len(signed.signatures) + 1
        with self._database.writing() as connection:
            hold_unsigned(connection, slide_id)
            (present,) = records_of(connection, [slide_id])
            if present.last_entry != signed.last_entry:
                raise StoreError(sentence("store.changed"))
            number = append(
                connection,
                SIGNATURES,
                slide_id=slide_id,
                version=version,
                by=by,
                at=at,
                sha256=sha256,
                document=document,
            )
            for candidate_id, png in pictures.items():
                append(connection, SIGNED_PICTURES, signature_id=number, candidate_id=candidate_id, png=png)
            note(connection, by, "signed", slide_id, version=version, sha256=sha256)
        return Signature(number, slide_id, version, by, at, sha256, document)

    def pictures(self, signature: Signature) -> dict[int, bytes]:
        """PNG files of accepted cells that were signed with a result, by number of the candidate."""
        query = select(SIGNED_PICTURES).where(SIGNED_PICTURES.c.signature_id == signature.id)
        with self._database.reading() as connection:
            return {row.candidate_id: row.png for row in connection.execute(query)}

    def note_export(self, slide_id: int, form: str, version: int, *, by: str) -> None:
        """Put on record that a signed version left the store, and in which form."""
        who = self._people.require(by, Right.EXPORT)
        with self._database.writing() as connection:
            hold(connection, slide_id)
            note(connection, who, "exported", slide_id, form=form, version=version)
