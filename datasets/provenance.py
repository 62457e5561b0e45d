"""Where each data set comes from and under what licence, for the cards of weights trained on it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Provenance:
    """Citation and licence of a data set, as its publishers state them."""

    citation: str
    licence: str


PROVENANCE = {
    "nih_cells": Provenance(
        "Rajaraman et al. 2018, Pre-trained convolutional neural networks as feature extractors toward "
        "improved malaria parasite detection in thin blood smear images, PeerJ 6:e4568; NLM cell images",
        "public domain as published by the National Library of Medicine",
    ),
    "westlake_cells": Provenance("Westlake malaria cells, one slide of P. falciparum", "MIT"),
    "iml_malaria": Provenance(
        "Arshad et al. 2022, a dataset and benchmark for malaria life-cycle classification in thin blood "
        "smear images; P. vivax",
        "none stated",
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
        "cells of signed slides, as `smearscope data export` wrote them", "that of the laboratory's slides"
    ),
    "synthetic": Provenance("drawn by datasets.synthetic", "Apache-2.0, as this project"),
}
"""Provenance by the name of the set's folder."""
