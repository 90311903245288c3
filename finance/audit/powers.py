"""What the audit lets people do: supervisors and the auditor look and report (R2.21–R2.25), the committee and the
street office read what was reported."""

from collections.abc import Mapping

from hoa.kernel.posts import AUDITOR, COMMITTEE, EVERYONE, STREET_OFFICER, SUPERVISORS, Post

MAY_SIGN = SUPERVISORS | {AUDITOR}

POWERS: Mapping[str, frozenset[Post]] = {
    "audit.check": SUPERVISORS | {AUDITOR},
    "audit.report": SUPERVISORS | {AUDITOR},
    "audit.sign": MAY_SIGN,
    "audit.reply": COMMITTEE,
    "audit.published": EVERYONE,
    "audit.read": SUPERVISORS | {AUDITOR, STREET_OFFICER} | COMMITTEE,
}
