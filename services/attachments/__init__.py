"""Photos and papers of cases: kept under their hash, pictures without what the camera wrote into them."""

from services.attachments.adding import AT_ONCE, STAGES, Belongs, add_with_reports, attach, attachments_of, check_number, told
from services.attachments.files import KEPT_MOST, MB, Kept, is_whole, keep, keep_file, place_of
from services.attachments.pictures import Taken

__all__ = [
    "AT_ONCE",
    "KEPT_MOST",
    "MB",
    "STAGES",
    "Belongs",
    "Kept",
    "Taken",
    "add_with_reports",
    "attach",
    "attachments_of",
    "check_number",
    "is_whole",
    "keep",
    "keep_file",
    "place_of",
    "told",
]
