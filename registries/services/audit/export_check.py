"""Checks an exported file, and names the first row at which it was broken."""

from collections.abc import Iterable

from registries import chain
from registries.services.audit.chain_check import Finding
from registries.services.audit.export import Tally, link_of, signature_of
from registries.services.audit.export_formats import SEAL, Row, read_rows

MOVED = "something was removed, added or moved before it"


def check_export(lines: Iterable[str]) -> Finding:
    """Checks every row of a file and its seal; `lines` keep their line breaks. Raises nothing.

    The rows of a filtered log have gaps: where some were removed, the row is named that follows.
    """
    tally, last, gap = Tally(), None, 0
    try:
        rows = read_rows(lines)
        for text, row in rows:
            if row is not None and row.get("kind") == SEAL:
                fault = _find_seal_fault(row, tally) or _find_rest(next(rows, None))
                if not fault and row["gapless"] and gap:
                    return Finding(tally.rows, gap, "it is missing from the audit log itself")
                return Finding(tally.rows, tally.last_id + 1 if fault else None, fault)
            if row is None:
                return Finding(tally.rows, tally.last_id + 1, "it can't be read")
            if row and (fault := _find_fault(row, last, tally)):
                return Finding(tally.rows, row["id"], fault)
            tally.digest.update(text.encode("utf-8", "replace"))
            if row:
                gap = gap or (tally.last_id + 1 if last and row["id"] != tally.last_id + 1 else 0)
                tally.count(row)
                last = row
    except ValueError as error:
        return Finding(0, 1, str(error))
    return Finding(tally.rows, tally.last_id + 1, "the file ends here, without the line that seals it")


def _find_fault(row: Row, last: Row | None, tally: Tally) -> str:
    if fault := chain.find_fault(row):
        return fault
    if row["id"] <= tally.last_id:
        return "it stands in the wrong place"
    if last and row["id"] == last["id"] + 1 and row["previous"] != last["mac"]:
        return "it does not follow its predecessor"
    links = (link_of(tally.link, row["mac"], key_id=key_id) for key_id in chain.key_ids())
    return "" if row["link"] in links else MOVED


def _find_seal_fault(seal: Row, tally: Tally) -> str:
    if seal["format_version"] not in chain.FORMATS:
        return f"the format version {seal['format_version']} of the last line is unknown to this version of Corral"
    if seal["key_id"] not in chain.key_ids():
        return f"the key {seal['key_id']!r} of the last line is not in CORRAL_AUDIT_KEYS"
    if signature_of(seal) != seal["signature"]:
        return "the last line was altered"
    found = tally.as_seal()
    if seal["link"] != found["link"]:
        return f"it is missing: the file was {seal['rows']} rows long"
    return "" if seal | found == seal else "the rows hold, but the file was written anew: its bytes are other ones"


def _find_rest(rest: object) -> str:
    return "something was added after the last line" if rest else ""
