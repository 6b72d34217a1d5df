"""Refusals of affairs as pages say them: where the shared sentence speaks of the command line, these stand in its place."""

from collections.abc import Mapping
from typing import Final

from rules.facts import Refused
from web.errors import refusal_in_words
from web.words import translated

#: Where the shared sentence speaks of the command line.
_OWN_WORDS: Final[Mapping[str, str]] = {
    "asker_decides": "居民点的单由居民自己确认；过了时限没有回音，写明理由后可以代为确认。",
    "body_missing": "请选分流到哪里，并写理由。",
    "both_sides_ask": "司法确认要由各方共同申请，请把各方都勾上。",
    "claims_open": "还有奖补申请没有拨付，也没有驳回。请先处理。",
    "errand_waits": "还在等材料。请先收齐，或写明理由容缺受理，再办这一步。",
    "errand_words_missing": "请写一句话：上门做了什么。",
    "extension_limit_missing": "请写明再挂多久，并写理由。",
    "inspection_plan_missing": "请写明谁去看、看哪里。",
    "issue_asker_confirms": "提出的一方确认了才能销号。代为登记的，写明怎样确认的，且不能是办理单位自己。",
    "joint_way_missing": "请选一起做了什么，并写明内容。",
    "judged_missing": "请选听评哪个单位。",
    "limit_unreadable": "时限读不懂。请填数字，并选单位。",
    "line_unreadable": "有一行读不懂。请写成“名称:数量单位”，例如 折叠椅:100把。",
    "lines_missing": "请至少写一项需要什么：名称和数量，例如 折叠椅:100把。",
    "list_unreadable": "有一处数字读不懂。请填整数。",
    "material_missing": "请选是哪一份材料。",
    "materials_unnamed": "请勾选还差哪些材料。",
    "materials_wanting": "还缺材料。请先收齐，或写明理由容缺受理。",
    "mechanism_off": "这里没有开通这项服务。",
    "meeting_incomplete": "请写明标题，并选会议形式。",
    "meeting_time_missing": "请写明时间。",
    "minutes_missing": "请写会议记录，并勾选到会的人。",
    "month_missing": "请写明是哪个月，例如 2026-12。",
    "not_at_this_point": "现在还不到这一步，或者已经过了。",
    "not_your_record": "这条记录不是记您单位的。对方没有账号的，由记录单位代为登记。",
    "nothing_pledged": "还没有人认领。不再需要就撤回。",
    "only_hearings_of_closed": "案件已结案，只能开听评会。",
    "onward_missing": "请选转到哪里。",
    "paired_first": "这一单先由结对单位认领，一天后其他单位可以认领。",
    "paper_missing": "不是本人签字、表决或打分，请写明本人签名的纸质件存放在哪里。",
    "plan_missing": "请写明怎么从根上办。",
    "pledges_live": "已经有人认领，不能整单撤回。请改用“按已认领的办”，或先与认领方商量退回。",
    "pool_words_missing": "请写一句话。",
    "reference_missing": "请写明对方的编号或文书号。",
    "task_not_full": "数量满了才算完成。",
    "unknown_part": "没有这一项，可能刚被改过。请看看最新情况。",
    "unknown_voice": "有一位参加人已经不在名单里。请看看最新情况。",
    "visit_incomplete": "请选约定守住了没有，并写回访情况。",
    "voice_unreadable": "有一位参加人读不懂。请写成“称呼=身份”，或手机号。",
    "way_missing": "请选怎样报到。",
    "wrong_state": "这个事项现在不能做这一步，可能刚有人办过。请看看最新情况。",
}


def said_of(refusal: Refused, lang: str) -> str:
    """A refusal as a sentence for a page."""
    own = _OWN_WORDS.get(refusal.code)
    return translated(own, lang) if own is not None else refusal_in_words(refusal, lang)
