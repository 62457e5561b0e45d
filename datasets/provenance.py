"""Where each data set comes from, under what licence, and what it can say of weights trained on it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Provenance:
    """What is known of a data set.

    Attributes
    ----------
    citation, licence
        As its publishers state them.
    species
        Of the parasites in it; none in a malaria-free set.
    by_patient
        Whether its cells are grouped by patient, each with a slide of their own. Groups of the other sets are
        fields, and those of one set count as one slide.
    measures
        Whether weights can be measured on it: not where a model chose the cells.
    """

    citation: str
    licence: str
    species: tuple[str, ...] = ()
    by_patient: bool = False
    measures: bool = True


PROVENANCE = {
    "nih_cells": Provenance(
        "Rajaraman et al. 2018, Pre-trained convolutional neural networks as feature extractors toward "
        "improved malaria parasite detection in thin blood smear images, PeerJ 6:e4568; NLM cell images",
        "public domain as published by the National Library of Medicine",
        species=("P. falciparum",),
        by_patient=True,
    ),
    "westlake_cells": Provenance(
        "Westlake malaria cells, one slide of P. falciparum", "MIT", species=("P. falciparum",)
    ),
    "plasmocount_cells": Provenance(
        "Davidson et al. 2021, Automated detection and staging of malaria parasites from cytological smears "
        "using convolutional neural networks, Biological Imaging 1:e2; PlasmoCount, P. falciparum culture",
        "BSD-style",
        species=("P. falciparum",),
        measures=False,
    ),
    "iml_malaria": Provenance(
        "Arshad et al. 2022, a dataset and benchmark for malaria life-cycle classification in thin blood "
        "smear images; P. vivax",
        "none stated",
        species=("P. vivax",),
    ),
    "md2019": Provenance(
        "Abbas & Dijkstra 2019, Malaria-Detection-2019; P. falciparum, 12 patients",
        "CC BY 4.0",
        species=("P. falciparum",),
        by_patient=True,
    ),
    "ph_thin": Provenance(
        "thin smears of two cameras with boxes round parasites, for measuring only; P. falciparum, P. vivax",
        "none stated",
        species=("P. falciparum", "P. vivax"),
    ),
    "healthy_tiles": Provenance("tiles of two smears presumed healthy", "none stated"),
    "pbc_normal": Provenance(
        "Acevedo et al. 2020, a dataset of microscopic peripheral blood cell images for development of "
        "automatic recognition systems, Data in Brief 30:105474; healthy donors",
        "CC BY 4.0",
    ),
    "chula_rbc12": Provenance(
        "Naruenatthanaset et al. 2021, Red blood cell segmentation with overlapping cell separation and "
        "classification on imbalanced dataset; thalassaemia, malaria-free",
        "MIT",
    ),
    "cbc_count": Provenance(
        "Alam & Islam 2019, Machine learning approach of automatic identification and counting of blood "
        "cells, Healthcare Technology Letters 6:103; malaria-free",
        "MIT",
    ),
    "txl_pbc": Provenance("TXL-PBC, four peripheral-blood sets united; malaria-free", "MIT-style"),
    "reviewed_cells": Provenance(
        "cells of signed slides, as `smearscope export --format reviewed_cells` wrote them",
        "that of the laboratory's slides",
        species=("those of the laboratory's slides",),
        by_patient=True,
        measures=False,
    ),
    "synthetic": Provenance("drawn by datasets.synthetic", "Apache-2.0, as this project"),
}
"""Provenance by the name of the set's folder."""
