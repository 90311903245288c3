"""Which papers of assemblies and filings a file is, for whoever checks one (hoa.web.known_files)."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.community.service import get_community
from hoa.db import get
from hoa.kernel.errors import N_
from hoa.web.known_files import Known
from voting.filing.tables import FilingPack
from voting.tables import Assembly, AssemblyFile

# Papers that everybody may hold; lists of doors and of who came are told to nobody.
SENTENCES: Mapping[str, str] = {
    "notice": N_("它是%(community)s业主大会会议 %(code)s 的公告（PDF）"),
    "result": N_("它是%(community)s业主大会会议 %(code)s 的结果公告（PDF）"),
    "minutes": N_("它是%(community)s业主大会会议 %(code)s 的会议记录（PDF）"),
}
FILING = N_("它是%(community)s的备案材料第 %(number)s 份（PDF）")


def recognise(session: Session, sha256: str) -> Known | None:
    """The paper with this SHA-256, in words."""
    papers = select(AssemblyFile).where(AssemblyFile.sha256 == sha256, AssemblyFile.kind.in_(SENTENCES))
    row = session.scalars(papers).first()
    if row is not None:
        assembly = get(session, Assembly, row.community_id, row.assembly_id)
        community = get_community(session, row.community_id).name
        return Known(sentence=SENTENCES[row.kind], params={"community": community, "code": assembly.code})
    pack = session.scalars(select(FilingPack).where(FilingPack.pdf_digest == sha256)).first()
    if pack is None:
        return None
    community = get_community(session, pack.community_id).name
    return Known(sentence=FILING, params={"community": community, "number": str(pack.number)})
