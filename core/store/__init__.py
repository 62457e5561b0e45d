"""Cases, slides, candidates and what readers said of them, in a database; readings are only ever added."""

from core.store.database import url_of_folder
from core.store.model_switches import ModelSwitch
from core.store.people import Right, StaffRole
from core.store.records import (
    Amendment,
    AuditEntry,
    Call,
    Candidate,
    Case,
    FlaggedField,
    Kind,
    Look,
    Opinion,
    Reading,
    Reason,
    Role,
    ScoringStep,
    Signature,
    Slide,
    SlideRecord,
    Species,
    Stage,
    StoreError,
    TakenIn,
)
from core.store.store import Store

__all__ = [
    "Amendment",
    "AuditEntry",
    "Call",
    "Candidate",
    "Case",
    "FlaggedField",
    "Kind",
    "Look",
    "ModelSwitch",
    "Opinion",
    "Reading",
    "Reason",
    "Right",
    "Role",
    "ScoringStep",
    "Signature",
    "Slide",
    "SlideRecord",
    "Species",
    "StaffRole",
    "Stage",
    "Store",
    "StoreError",
    "TakenIn",
    "url_of_folder",
]
