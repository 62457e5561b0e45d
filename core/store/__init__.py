"""Cases, slides, candidates and what readers said of them, in a database; readings are only ever added."""

from core.store.calls import Call, Reason, Role, Species, Stage
from core.store.database import url_of_folder
from core.store.model_switches import ModelSwitch
from core.store.notes import Note, notes_that_stand
from core.store.people import Right, StaffRole
from core.store.records import (
    Amendment,
    AuditEntry,
    Candidate,
    CandidateKind,
    Case,
    FlaggedField,
    Look,
    Opinion,
    ReadField,
    Reading,
    Removal,
    ScoringStep,
    Signature,
    SlideRecord,
    StoredSlide,
    StoreError,
    TakenIn,
)
from core.store.store import Store

__all__ = [
    "Amendment",
    "AuditEntry",
    "Call",
    "Candidate",
    "CandidateKind",
    "Case",
    "FlaggedField",
    "Look",
    "ModelSwitch",
    "Note",
    "Opinion",
    "ReadField",
    "Reading",
    "Reason",
    "Removal",
    "Right",
    "Role",
    "ScoringStep",
    "Signature",
    "SlideRecord",
    "Species",
    "StaffRole",
    "Stage",
    "Store",
    "StoreError",
    "StoredSlide",
    "TakenIn",
    "notes_that_stand",
    "url_of_folder",
]
