"""The sets of annotated fields, by the names of their folders."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from datasets.fields import AnnotatedField
from datasets.malaria_fields import iml_malaria, md2019, ph_thin
from datasets.malaria_free_fields import cbc_count, chula_rbc12, healthy_tiles, pbc_normal, txl_pbc

READERS: Mapping[str, Callable[[Path], list[AnnotatedField]]] = MappingProxyType(
    {
        "iml_malaria": iml_malaria,
        "md2019": md2019,
        "chula_rbc12": chula_rbc12,
        "cbc_count": cbc_count,
        "txl_pbc": txl_pbc,
        "healthy_tiles": healthy_tiles,
        "pbc_normal": pbc_normal,
    }
)
"""Readers of sets that may be trained on."""

MEASURED_ONLY: Mapping[str, Callable[[Path], list[AnnotatedField]]] = MappingProxyType({"ph_thin": ph_thin})
"""Readers of sets that no network is trained or chosen by."""
