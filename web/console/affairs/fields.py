"""The forms of affairs: what each move takes, and each thing that is handed in as a field; one table for every kind."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from rules.handling.subjects import ALERTS, TIERS
from web.console.affairs import options as o
from web.console.affairs.options import Scene
from web.console.move_fields import Field, Option
from web.words import translated

#: What each move takes, in the order of its form; `?`: may be left out; `name:code`: asked for only where this need is not met.
TAKES: Final[Mapping[str, str]] = {
    # whistle
    "end": "result",
    "cancel": "reason",
    "report_in": "way words?",
    "excuse": "reason",
    "rate_call": "score",
    "rate_caller": "score",
    # claim pool
    "release_order": "",
    "claim": "want? quantity? personally?",
    "cut_order": "reason",
    "extend_order": "limit reason",
    "split_order": "want lines limit?",
    "withdraw_order": "reason",
    "deliver": "quantity?",
    "give_up": "quantity? reason",
    "confirm_pledge": "reason:asker_decides",
    "send_back": "quantity? reason",
    "thank": "words",
    "report_care": "words",
    "give_notice": "reason",
    "stay_on": "",
    "release_adopter": "reason",
    # deliberation
    "hold_meeting": "minutes present",
    "postpone": "at reason",
    "raise_matters": "kind words count? phone? solved?",
    "count_votes": "",
    "end_meeting": "result",
    "publish_hearing": "words?",
    "agree": "text shares? amount? terms? at_table?",
    "invite": "units? people?",
    "fail_meeting": "onward sides? kind? reason",
    "stop_series": "reason",
    "solve_matter": "result",
    "file_matter": "",
    "put_on_agenda": "",
    "drop_matter": "reason",
    "cast_vote": "choice paper:paper_missing",
    "give_score": "score words? paper:paper_missing",
    "sign_agreement": "paper:paper_missing",
    "decline_to_sign": "reason",
    "fulfil_term": "result",
    "waive_term": "reason",
    # disputes
    "take_up_dispute": "room?",
    "name_mediators": "units? people?",
    "set_sitting": "at place?",
    "resume_talks": "reason",
    "divert_dispute": "to unit? reason reference?",
    "fail_dispute": "reason",
    "withdraw_dispute": "reason",
    "act_jointly": "way words unit",
    "push_dispute": "unit reason",
    "hold_sitting": "minutes",
    "call_off": "reason",
    "visit": "kept result",
    "take_over": "reference",
    "return_dispute": "reason",
    "resolve_there": "result",
    "ask_court": "sides",
    "confirm_court": "reference",
    "reject_court": "reason",
    "waive_court": "reason",
    "check_joint": "",
    "contest_joint": "reason",
    # errands
    "tick_material": "material",
    "waive_material": "material reason",
    "ask_material": "materials",
    "visit_home": "words",
    "assign_agent": "agent",
    "confirm_errand": "reason:errand_asker_decides",
    "redo_errand": "reason",
    "cancel_errand": "reason",
    "do_step": "words?",
    "skip_step": "reason",
    # inspections
    "begin_inspection": "",
    "find_problem": "problem place unit item? quantity? measure? due? how? before?",
    "release_inspection": "",
    "cancel_inspection": "reason",
    "close_inspection": "result",
    "hand_out": "due how?",
    "correct_on_spot": "result after",
    "report_corrected": "result after?",
    "pass_recheck": "result",
    "fail_recheck": "reason due?",
    # polls
    "record_answers": "how answers words?",
    "decide_poll": "result amount? funding?",
    "pay_in": "result",
    # topics
    "take_topic": "unit plan",
    "approve_plan": "",
    "return_plan": "reason",
    "choose_topic": "month",
    "confirm_solved": "result",
    "doubt_solved": "reason",
    "close_topic": "result",
    "reopen_topic": "",
    # campaigns: what is handed in line by line has a page of its own
    "start_campaign": "",
    "finish_campaign": "result",
    "cancel_campaign": "reason",
    "finish_task": "result",
    "send_back_task": "reason",
    "drop_task": "reason",
    "check_subsidy": "result",
    "refuse_subsidy": "reason",
    "pay_subsidy": "result",
    # files
    "raise_tier": "alert words?",
    "ask_lower": "tier reason",
    "lower_tier": "words",
    "keep_tier": "reason",
    "end_subject": "reason",
    "look": "words",
    "solve_issue": "result",
    "write_off_issue": "reason:issue_asker_confirms",
    "refuse_issue": "reason",
    "reopen_issue": "reason",
    # records about organisations outside
    "object_record": "reason on_behalf:not_your_record",
    "uphold_objection": "reason",
    "reject_objection": "reason",
    "lift_record": "reason",
}
#: Moves that have a page of their own elsewhere, or take what only that page can ask for.
ELSEWHERE: Final = frozenset(
    {
        *("add_tasks", "set_target", "record_progress", "share_lines", "check_tasks", "sign_convention", "claim_subsidy"),
        *("work_on_task", "share_done", "link_task", "join_topic", "name_readers", "open_issue", "hand_issue", "make_case", "answer_poll"),
    }
)
#: Moves that end or undo something: their button is red.
GRAVE: Final = frozenset(
    {
        *("cancel", "withdraw_order", "fail_meeting", "stop_series", "drop_matter", "decline_to_sign", "fail_dispute"),
        *("withdraw_dispute", "cancel_errand", "cancel_inspection", "cancel_campaign", "release_adopter", "fail_recheck"),
        *("reject_court", "waive_court", "waive_term", "resume_talks", "give_up", "end_subject", "refuse_subsidy"),
    }
)


class Kind(NamedTuple):
    """How something is handed in: kind of input (console/affairs/_field.html), its name and a hint in Chinese, what may be chosen."""

    kind: str
    label: str
    hint: str = ""
    options: object = None


#: Who takes part, as they are typed.
PEOPLE: Final = Kind(
    "lines",
    "参加的居民或个人",
    "一行一位：称呼或手机号，可加身份，例如 楼上住户=业主 或 13800000000=承租方@86.5（@后是面积，平方米）",
    None,
)
#: Everything that may be handed in; `action.name` where a move means something of its own by a name.
FIELDS: Final[Mapping[str, Kind]] = {
    "reason": Kind("textarea", "理由"),
    "result": Kind("textarea", "结果"),
    "words": Kind("textarea", "说明"),
    "thank.words": Kind("textarea", "致谢的话"),
    "report_care.words": Kind("textarea", "管护情况"),
    "raise_matters.words": Kind("textarea", "什么事"),
    "look.words": Kind("textarea", "看到什么"),
    "way": Kind("select", "怎样报到", options=o.WHISTLE_WAYS),
    "act_jointly.way": Kind("select", "一起做了什么", options=o.TOGETHER),
    "score": Kind("select", "评分", "5分最好", o.scores),
    "want": Kind("select", "哪一项", "不选则是第一项还缺的", o.wants),
    "split_order.want": Kind("select", "拆哪一项", options=o.wants),
    "quantity": Kind("number", "数量", "不填则是全部"),
    "find_problem.quantity": Kind("number", "数量"),
    "personally": Kind("check", "以个人名义，不代表单位"),
    "lines": Kind("lines", "需要什么", "一行一项：名称:数量单位，例如 折叠椅:100把。要技能的再写一节：安装:2人:木工"),
    "limit": Kind("span", "时限"),
    "extend_order.limit": Kind("span", "再挂多久"),
    "minutes": Kind("textarea", "会议记录"),
    "present": Kind("boxes", "到会的", options=o.voices),
    "at": Kind("moment", "时间"),
    "place": Kind("text", "地点"),
    "units": Kind("many", "参加的单位", "可选多家", o.units),
    "people": PEOPLE,
    "text": Kind("textarea", "约定的内容"),
    "shares": Kind("shares", "费用分摊（%）", "填了就要正好合计100%", o.voices),
    "amount": Kind("text", "总金额（元）", "例如 1000 或 999.99"),
    "terms": Kind("terms", "谁做什么", "期限不填则为10个工作日", o.debtors),
    "at_table": Kind("check", "各方已当场签字"),
    "onward": Kind("select", "转到哪里", options=o.said(mediation="转矛盾化解", up="上报")),
    "sides": Kind("boxes", "哪几方", options=o.sides),
    "fail_meeting.sides": Kind("boxes", "当事各方（转化解时选，至少两方）", options=o.voices),
    "kind": Kind("select", "种类", options=o.DISPUTES),
    "raise_matters.kind": Kind("select", "种类", options=o.MATTERS),
    "count": Kind("number", "几位居民一起说的", "不填则为1位"),
    "phone": Kind("text", "居民手机号", "要告诉他进展时填"),
    "solved": Kind("textarea", "当场怎样解决的", "没有当场解决就不填"),
    "choice": Kind("select", "选哪一项", options=o.ballot),
    "paper": Kind("text", "本人签名的纸质件在哪里", "不是本人操作时必填"),
    "room": Kind("text", "协商地点"),
    "unit": Kind("select", "单位", options=o.units),
    "divert_dispute.unit": Kind("select", "代表它的单位", options=o.units),
    "act_jointly.unit": Kind("select", "请哪个单位签认", options=o.others),
    "find_problem.unit": Kind("select", "由谁整改", options=o.units),
    "to": Kind("select", "分流到", options=o.BODIES),
    "reference": Kind("text", "对方的编号"),
    "kept": Kind("yesno", "约定守住了吗", options=o.said(yes="守住了", no="没有")),
    "agent": Kind("select", "代办员", options=o.agents),
    "material": Kind("select", "哪份材料", options=o.papers()),
    "materials": Kind("boxes", "还要补哪几份", options=o.papers(there=True)),
    "problem": Kind("text", "问题"),
    "item": Kind("select", "对照清单哪一条", options=o.items_of("checklist", "code")),
    "measure": Kind("text", "数量单位", "例如 处"),
    "due": Kind("span", "限多久整改", "不填则先记下，以后再交办"),
    "hand_out.due": Kind("span", "限多久整改"),
    "fail_recheck.due": Kind("span", "再给多久", "不填则按原来的"),
    "how": Kind("select", "怎样交办", "不选则立为案件", o.said(case="立为案件", order="直接发督办单")),
    "record_answers.how": Kind("select", "怎样征集的", options=o.said(talk="座谈会上", door="上门")),
    "before": Kind("evidence", "现场情况和照片"),
    "after": Kind("evidence", "整改后的情况和照片"),
    "answers": Kind("counts", "各选项多少户", options=o.ballot),
    "funding": Kind("shares", "谁出多少（%）", "填了就要正好合计100%", o.MONEY),
    "plan": Kind("textarea", "治理办法"),
    "month": Kind("text", "月份", "例如 2026-12"),
    "alert": Kind("select", "什么情况", options=o.ours("alert", ALERTS)),
    "tier": Kind("select", "降到几级", options=lambda _: [(str(n), str(n)) for n in TIERS]),
    "on_behalf": Kind("check", "替对方登记（附有对方的书面异议）"),
}


class Taken(NamedTuple):
    """One thing that a move takes: its name, and whether it has to be handed in."""

    name: str
    required: bool


def taken(scene: Scene) -> list[Taken]:
    """What the form of a move asks this person for."""
    offer, found = scene.offer, []
    for each in TAKES[offer.action].split() if offer is not None else ():
        name, _, code = each.rstrip("?").partition(":")
        if not code or (offer is not None and code in offer.wants):
            found.append(Taken(name, not each.endswith("?")))
    return found


def kind_of(action: str, name: str) -> Kind:
    """How something is handed in with a move."""
    return FIELDS.get(f"{action}.{name}") or FIELDS[name]


def drawn(scene: Scene, wanted: list[Taken], kinds: Mapping[str, Kind], given: Mapping[str, object]) -> list[Field]:
    """Fields in the language of the page, with what was typed."""
    lang = scene.words.lang
    found = []
    for name, required in wanted:
        kind = kinds[name]
        options: list[Option] = kind.options(scene) if callable(kind.options) else []
        if name in ("want", "item") and not required and not options:
            continue
        hint = translated(kind.hint, lang) if kind.hint else ""
        found.append(Field(name, kind.kind, translated(kind.label, lang), hint, required, options, given.get(name)))
    return found
