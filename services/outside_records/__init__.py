"""约谈、不良记录: what is put on record about organisations outside; one by one or a whole list, with a right to object."""

from services.outside_records.listing import Line, figures, records, records_of
from services.outside_records.recording import Record, act, record
from services.outside_records.rows import read_records

__all__ = ["Line", "Record", "act", "figures", "read_records", "record", "records", "records_of"]
