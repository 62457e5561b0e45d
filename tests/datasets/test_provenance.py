"""Provenance: every set that weights can be trained on says where it comes from and what it can measure."""

from datasets.cell_sets import CELL_SETS
from datasets.field_sets import MEASURED_ONLY, READERS
from datasets.provenance import PROVENANCE


def test_every_set_that_can_be_trained_on_has_its_provenance() -> None:
    sets = {*CELL_SETS, *READERS}
    assert sets - PROVENANCE.keys() == set()
    assert PROVENANCE.keys() - sets == {"synthetic", *MEASURED_ONLY}
    assert all(known.citation and known.licence for known in PROVENANCE.values())


def test_where_a_model_chose_the_cells_or_none_is_healthy_nothing_can_be_measured() -> None:
    unmeasured = {name for name, known in PROVENANCE.items() if not known.measures}
    assert unmeasured == {"plasmocount_cells", "reviewed_cells"}
