"""The reference data in memory, read once per revision."""

from services.catalogue.codes import URGENCIES, known_codes
from services.catalogue.known import (
    Catalogue,
    CategoryFacts,
    FormerName,
    InForce,
    Named,
    Person,
    Reordering,
    SensitiveFacts,
    SourceFacts,
    Stretch,
)
from services.catalogue.reading import catalogue, read_catalogue, reference_changed

__all__ = [
    "URGENCIES",
    "Catalogue",
    "CategoryFacts",
    "FormerName",
    "InForce",
    "Named",
    "Person",
    "Reordering",
    "SensitiveFacts",
    "SourceFacts",
    "Stretch",
    "catalogue",
    "known_codes",
    "read_catalogue",
    "reference_changed",
]
