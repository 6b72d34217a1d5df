"""What a move can be about: the case, its parts, affairs beside it and their parts."""

from enum import StrEnum


class Thing(StrEnum):
    """What a move is about."""

    CASE = "case"
    ORDER = "order"
    EXTENSION = "extension"
    REQUEST = "request"
    SUPERVISION = "supervision"
    # affairs and their parts (rules/handling)
    WHISTLE = "whistle"  #: 吹哨
    CALL = "call"  #: one unit that was called
    POOL = "pool"  #: 认领单: what anybody may take on
    WANT = "want"  #: 需求: one line of what is wanted
    PLEDGE = "pledge"  #: 认领: what one of them has taken on
    MEETING = "meeting"  #: 议事会
    VOICE = "voice"  #: 参会人: somebody at a meeting, with a vote
    TERM = "term"  #: 履约节点: what an agreement has somebody do
    DISPUTE = "dispute"  #: 矛盾纠纷
    SITTING = "sitting"  #: 调解: one sitting of a mediation, one follow-up visit
    SUBJECT = "subject"  #: 一户一档: the file of a household or a person
    ENTERPRISE = "enterprise"  #: 一企一档: the file of an enterprise
    LOOK = "look"  #: 走访/守护: one look at a subject
    ISSUE = "issue"  #: 问题: one entry of a subject's ledger
    ERRAND = "errand"  #: 帮办代办
    ERRAND_STEP = "errand_step"  #: one step of it
    CAMPAIGN = "campaign"  #: 专项行动
    TASK = "task"  #: 清单项: one line of a campaign's lists, one action of a work plan
    SUBSIDY = "subsidy"  #: 以奖代补: money that is claimed for what was done
    RECORD = "record"  #: 约谈、不良记录: what is put on record about an organisation outside
    INSPECTION = "inspection"  #: 暗访督查
    FINDING = "finding"  #: one problem found
    TOPIC = "topic"  #: 未诉先办专题
    POLL = "poll"  #: 意见征集
    MATTER = "matter"  #: 说事: what somebody brought to a standing meeting
    DIVERSION = "diversion"  #: 分流: a dispute sent to another body, or come from one
    JUDICIAL = "judicial"  #: 司法确认: the court may confirm what was agreed
    JOINT = "joint"  #: 警网联动: what police and grid did together, signed by both
    ANSWER = "answer"  #: 答复: one household's answer to a poll, or those of a talk
    FUND = "fund"  #: 出资: one source of the money for what a poll has decided
