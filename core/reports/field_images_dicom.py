"""Images that a DICOM report points at: a slide's own where it is DICOM, else its fields written as such."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, VLMicroscopicImageStorage

from core.errors import SmearscopeError
from core.files import shown_path
from core.reports.coded_findings import own_uuid
from core.review import SignedResult
from core.slides import Field, Slide, content_hash
from core.slides.dicom_frames import header_of, shared_header_of
from core.slides.dicom_slide import full_resolution, instances_beside
from core.slides.formats import Format, format_of

LONG_STRING = 64
"""Letters that DICOM keeps of a name of a slide or program."""
_OF_AN_IMAGE = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")


@dataclass(frozen=True)
class ImageReference:
    """An image of a DICOM archive, and where a field lies in it.

    Attributes
    ----------
    kind, instance, series, study
        Its identifiers: SOP class, SOP instance, series and study.
    frame
        Which of its frames, from 1 on; None where it has one alone or is a whole slide.
    left_px, top_px
        Of the field's first pixel in the image.
    """

    kind: str
    instance: str
    series: str
    study: str
    frame: int | None = None
    left_px: int = 0
    top_px: int = 0


def dicom_uid(*of: str) -> UID:
    """A unique identifier made from texts: the same for the same."""
    return UID(f"2.25.{own_uuid(*of).int}")


def long_string(text: str) -> str:
    """A text as DICOM keeps names: one line of at most 64 letters, without the sign that parts values."""
    plain = "".join(letter if letter.isprintable() and letter != "\\" else " " for letter in text)
    return plain[:LONG_STRING].strip()


def describe_slide(dataset: Dataset, signed: SignedResult) -> None:
    """Say of which patient, study, program and slide a file is: by pseudonym, as the signed result does."""
    under = signed.signature
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = ""
    dataset.PatientID = under.patient_sha256 or ""
    dataset.PatientBirthDate = dataset.PatientSex = ""
    dataset.StudyInstanceUID = study_uid(signed)
    dataset.StudyDate = dataset.StudyTime = dataset.StudyID = ""
    dataset.AccessionNumber = dataset.ReferringPhysicianName = ""
    dataset.StudyDescription = long_string(signed.notice)
    dataset.Manufacturer = "Smearscope"
    dataset.ManufacturerModelName = long_string(signed.model.identity)
    dataset.SoftwareVersions = long_string(signed.versions["smearscope"])


def study_uid(signed: SignedResult) -> UID:
    """Of the study that a slide's report and fields are filed in: that of its scoring, in every version."""
    return dicom_uid("study", signed.signature.result_sha256)


def point_at_fields(
    slide: Slide, signed: SignedResult, fields: Iterable[str], folder: Path
) -> dict[str, ImageReference]:
    """Tell for each field which DICOM image shows it; what is no DICOM is written into a folder first.

    A written image is uncompressed, with the pixels as they were scored, in a file ``field_0001.dcm``. Its
    identifiers are made from the slide's scoring, the field's name and its pixels.

    Raises
    ------
    SmearscopeError
        Where the slide has no such field, or it cannot be read.
    """
    names = set(slide.field_names())
    references: dict[str, ImageReference] = {}
    for number, name in enumerate(fields, start=1):
        if name not in names:
            raise SmearscopeError(
                f"{shown_path(slide.path)} has no field {name}, on which {_cells_on(signed, name)} cells of "
                f"the signed result lie: give the images of slide {signed.slide}"
            )
        own = _own_image(slide, name)
        if own is None:
            own = _write(slide.read_field(name), signed, folder / f"field_{number:04}.dcm", number)
        references[name] = own
    return references


def _cells_on(signed: SignedResult, field: str) -> int:
    return sum(cell.field == field for cell in signed.readings)


def _own_image(slide: Slide, name: str) -> ImageReference | None:
    """The DICOM image that a field is read from; None where it is no DICOM, or has no identifiers."""
    file = slide.files_of(name)[0]
    if format_of(file) is not Format.DICOM:
        return None
    instances = full_resolution(instances_beside(file))
    if not instances:
        found = header_of(file)
        frame = int(name.rsplit("#frame=", 1)[1]) if "#frame=" in name else None
        several = int(found.get("NumberOfFrames") or 1) > 1
        return _reference(found, frame=frame or 1 if several else None)
    # A scan that was divided into files has one matrix of pixels, in which all of them lie.
    field = slide.read_field(name)
    return _reference(shared_header_of(instances[0].path), left_px=field.left_px, top_px=field.top_px)


def _reference(
    header: Dataset, *, frame: int | None = None, left_px: int = 0, top_px: int = 0
) -> ImageReference | None:
    kind, instance, series, study = (str(header.get(keyword) or "") for keyword in _OF_AN_IMAGE)
    if not (kind and instance and series and study):
        return None
    return ImageReference(kind, instance, series, study, frame, left_px, top_px)


def _write(field: Field, signed: SignedResult, path: Path, number: int) -> ImageReference:
    study = study_uid(signed)
    image = ImageReference(
        kind=VLMicroscopicImageStorage,
        instance=dicom_uid("field", study, field.name, content_hash(field.image)),
        series=dicom_uid("fields", study),
        study=study,
    )
    dataset = _header(image, field, signed, number)
    pixels = np.ascontiguousarray(field.image).tobytes()
    dataset.PixelData = pixels + b"\0" * (len(pixels) % 2)
    dataset["PixelData"].VR = "OB"
    dataset.save_as(path, enforce_file_format=True)
    return image


def _header(image: ImageReference, field: Field, signed: SignedResult, number: int) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = file_meta(image.kind, image.instance)
    dataset.SOPClassUID, dataset.SOPInstanceUID = UID(image.kind), UID(image.instance)
    describe_slide(dataset, signed)
    dataset.Modality = "GM"
    dataset.SeriesInstanceUID, dataset.SeriesNumber = UID(image.series), 1
    dataset.SeriesDescription = "Fields of a thin blood smear"
    dataset.InstanceNumber = number
    dataset.ImageComments = f"{field.name}. {signed.notice}"
    dataset.PatientOrientation = ""
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.LossyImageCompression = ""  # what was done before it was scored is not known
    dataset.AcquisitionContextSequence = []
    dataset.update(_specimen(signed))
    if field.um_per_pixel is not None:
        dataset.PixelSpacing = [f"{field.um_per_pixel / 1000:.10g}"] * 2
    dataset.Rows, dataset.Columns = field.image.shape[:2]
    dataset.SamplesPerPixel, dataset.PlanarConfiguration, dataset.PixelRepresentation = 3, 0, 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.PhotometricInterpretation = "RGB"
    return dataset


def file_meta(kind: str, instance: str) -> FileMetaDataset:
    """Head of a file, which names what it holds and how it is written."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(kind), UID(instance)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = dicom_uid("program")
    meta.ImplementationVersionName = "SMEARSCOPE"
    return meta


def specimen_uid(signed: SignedResult) -> UID:
    """Of the smear."""
    return dicom_uid("smear", signed.signature.result_sha256)


def _specimen(signed: SignedResult) -> Dataset:
    """The module that says on which glass the specimen lies."""
    specimen = Dataset()
    specimen.SpecimenIdentifier = long_string(signed.slide)
    specimen.SpecimenUID = specimen_uid(signed)
    specimen.IssuerOfTheSpecimenIdentifierSequence = []
    specimen.SpecimenShortDescription = "Thin blood smear"
    specimen.SpecimenPreparationSequence = []
    module = Dataset()
    module.ContainerIdentifier = long_string(signed.slide)
    module.IssuerOfTheContainerIdentifierSequence = []
    module.ContainerTypeCodeSequence = []
    module.SpecimenDescriptionSequence = [specimen]
    return module
