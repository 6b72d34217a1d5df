"""Triage by words: what is claimed, what is an emergency, and what is left to a person."""

import re

import pytest

import seeds
from rules import triage
from rules.triage import GAP, Rule, Urgent, claim, spoken, tidy, urgency_of

SEED = seeds.read("triage.toml")
RULES = [Rule(r["category"], *(tuple(r.get(key, ())) for key in ("words", "needs", "not"))) for r in SEED["rule"]]
URGENT = [Urgent(r["urgency"], tuple(r["words"])) for r in SEED["urgent"]]

CLAIMED = [
    ("A01", "3号楼下水道堵了", "一楼厕所往外冒水，院子里污水横流。"),
    ("A02", "菜场门口少了个井盖", "窨井盖丢了好几天，晚上看不见。"),
    ("A03", "小区东门路灯不亮", "一到晚上黑漆漆的，老人走路害怕。"),
    ("A04", "门口马路坑坑洼洼", "路面破损两个月了，骑车颠得很。"),
    ("A05", "巷子里的缆线垂到头顶", "好几根光缆耷拉着，个子高的要低头。"),
    ("A06", "希望院里装几张长椅", "老人们没有歇脚的地方，想要座椅。"),
    ("A07", "整栋楼停水两天了", "自来水一直没来，也没人通知。"),
    ("A08", "楼道里有煤气味", "怀疑燃气泄漏，快派人来看看。"),
    ("B01", "垃圾桶满了没人收", "门口两个垃圾桶溢出来了。"),
    ("B02", "河边垃圾成堆", "有人半夜偷倒建筑垃圾，没人打扫。"),
    ("B03", "空地上乱堆乱放", "有人堆放建材和旧家具，占了半边空地。"),
    ("B04", "单元门贴满小广告", "墙上开锁广告撕了又贴。"),
    ("B05", "大树被风吹歪了", "树枝断了压在车棚上。"),
    ("C01", "学校门口流动摊点太多", "摊贩占道经营，车都过不去。"),
    ("C02", "饭店出店经营", "桌椅摆到人行道上，行人只能走马路。"),
    ("C03", "巷口汽车乱停", "天天有人违停，救护车都转不过弯。"),
    ("C04", "地铁口共享单车堆成山", "电动车乱停，盲道被占。"),
    ("C05", "小区停车难", "车位不够，希望划些车位。"),
    ("D01", "顶楼有人违章搭建", "楼上私自搭建阳光房，请来看。"),
    ("D02", "我们单元想加装电梯", "楼里老人多，问问加装电梯怎么走。"),
    ("D03", "投诉物业不作为", "物业费照收，保洁不到位，物业不管。"),
    ("D04", "公共收益没有公示", "业委会不说维修资金花在哪里。"),
    ("D05", "老旧小区什么时候改造", "盼着旧小区改造轮到我们院。"),
    ("D06", "外墙瓷砖脱落", "墙皮脱落砸了车，请检修。"),
    ("E01", "消防通道被占", "私家车堵消防通道，消防车进不来。"),
    ("E02", "楼道堆满杂物", "三楼把鞋柜和纸箱放在楼道，走不过去。"),
    ("E03", "邻居飞线充电", "从窗户拉线给电瓶车充电。"),
    ("E04", "烟感报警响个不停", "四楼烟感一直在响。"),
    ("E05", "地下车库水位报警", "传感器报警，液位超了。"),
    ("F01", "夜里施工噪音扰民", "凌晨还在敲，孩子睡不着。"),
    ("F02", "租房纠纷请求调解", "房东不退押金，说了几次没用。"),
    ("F03", "楼下餐馆油烟太大", "油烟味直往家里灌，窗都不敢开。"),
    ("F04", "有人遛狗不牵绳", "草地上到处狗屎，没人捡。"),
    ("F05", "有人高空抛物", "昨晚从楼上扔下来一个酒瓶。"),
    ("G01", "隔壁独居老人两天没出门", "敲门没人应，电话也打不通。"),
    ("G02", "想请社区帮办残疾证明", "我腿脚不便，能不能代办、上门办理。"),
    ("G03", "孩子的微心愿", "想要一台旧电脑，盼志愿者帮着实现心愿。"),
    ("G04", "企业诉求：招工难", "小微企业用工难，想了解惠企政策。"),
    ("G05", "请问居住证怎么办理", "需要什么材料，在哪里办？"),
    ("G06", "给社区提个建议", "有个金点子：小区门口设个旧书角。"),
]
LEFT_TO_A_PERSON = [
    ("小学招生划片不合理", "我们小区的孩子为什么不能上家门口的小学？"),
    ("社保卡怎么补办", "请问社保卡丢了需要什么材料？"),
    ("医院收费看不懂", "住院三天，费用单上只有总价。"),
    ("退休工资什么时候调整", "我退休八年了，盼回复。"),
    ("路口该装红绿灯", "车速快，过马路提心吊胆。"),
    ("征地补偿款没有到位", "村里的地征了两年，钱还没发。"),
    ("公交能不能多开几班", "早高峰要等半小时。"),
    ("谢谢你们", "工作辛苦了。"),
    ("", ""),
]
ALARMS = [
    ("厨房闻到煤气味，不敢开灯", "P0"),
    ("车棚起火了，冒黑烟", "P0"),
    ("路中间塌陷了一个洞", "P0"),
    ("孩子掉进井里了", "P0"),
    ("电线掉在人行道上", "P0"),
    ("老人被困在电梯里", "P0"),
    ("围墙摇摇欲坠", "P1"),
    ("楼上水管爆了，污水倒灌", "P1"),
    ("路灯不亮", None),
    ("路灯三天没亮", None),
    ("小区路灯不亮了", None),
    ("家门口的路灯好几天都没亮了", None),
    ("老人多，楼道灯一直没亮", None),
    ("停车场灯没亮", None),
    ("路灯三天没亮，井盖没了", "P0"),
    ("路灯没亮，电线掉下来了", "P0"),
    ("路灯杆的电线断了，路灯没亮", "P0"),
    ("路灯没亮，老人摔倒起不来", "P0"),
    ("独居老人家的灯两天没亮", "P0"),
    ("对门阿婆屋里的灯三天没亮", "P0"),
    ("水表三天没动", "P0"),
    ("十字路口红绿灯不亮", "P1"),
    ("路口信号灯没亮，车乱开", "P1"),
    ("线太乱，怕起火，也怕触电", None),
    ("坑太深，差点砸到人", None),
    ("厨房一股臭鸡蛋味头晕", "P0"),
    ("楼下井盖没了窟窿老大", "P0"),
    ("电线掉地上还冒火花", "P0"),
    ("演习刚结束，车棚真的起火了", "P0"),
    ("物业说不是漏气，可是煤气味越来越重", "P0"),
    ("怕是漏气了，快来", "P0"),
    ("家里有怪味，来看看有没有漏气", "P0"),
    ("去年着过火，想换电线", None),
    ("烟囱天天冒烟，衣服都不敢晾", None),
    ("消防演习，有警报声，请勿惊慌", None),
    ("煤气灶老打不着火", None),
    ("隔壁男的现在正在打老婆", "P0"),
    ("家暴，女的流血了，快来", "P0"),
    ("快来人啊，要打死人了", "P0"),
    ("邻居在打孩子，哭得厉害", "P1"),
    ("我被老公打了", "P1"),
    ("孩子被打得哇哇哭", "P1"),
    ("打我电话没人接", None),
    ("社区什么时候办反家暴宣传", None),
    ("路面不平，老人出来容易摔", None),
    ("电梯困人次数多，盼换新", None),
    ("电梯老是困人，物业不管", None),
    ("电梯又困人了，里面有老人", "P0"),
    ("这里容易摔，老人摔倒了起不来", "P0"),
]


@pytest.mark.parametrize(("category", "subject", "body"), CLAIMED)
def test_plain_words_find_their_category(category: str, subject: str, body: str) -> None:
    found = claim(subject, body, RULES, URGENT)
    assert found is not None
    assert found.category == category
    assert found.words
    assert found.score >= triage.THRESHOLD


def test_every_category_has_an_example_and_a_rule() -> None:
    known = {c["code"] for c in seeds.read("categories.toml")["category"]}
    assert {category for category, _, _ in CLAIMED} == known
    assert {rule.category for rule in RULES} == known


@pytest.mark.parametrize(("subject", "body"), LEFT_TO_A_PERSON)
def test_what_is_none_of_the_categories_is_left_to_a_person(subject: str, body: str) -> None:
    assert claim(subject, body, RULES, URGENT) is None


@pytest.mark.parametrize(("text", "urgency"), ALARMS)
def test_emergencies_are_heard_and_worries_are_not(text: str, urgency: str | None) -> None:
    raised, words = urgency_of(text, URGENT)
    assert raised == urgency
    assert bool(words) == (urgency is not None)


def test_an_emergency_raises_the_urgency_of_the_claim() -> None:
    found = claim("门口路面塌陷", "马路上塌了一个大坑，有人掉下去了。", RULES, URGENT)
    assert found is not None
    assert (found.category, found.urgency) == ("A04", "P0")
    assert "塌陷" in found.words


def test_a_word_may_join_two_within_a_sentence() -> None:
    urgent = [Urgent("P0", ("(煤气|瓦斯)*味",))]
    assert urgency_of("楼道里瓦斯好重的味道", urgent) == ("P0", ("瓦斯好重的味",))
    assert urgency_of("煤气" + "很" * GAP + "味", urgent)[0] == "P0"
    assert urgency_of("煤气" + "很" * (GAP + 1) + "味", urgent)[0] is None
    assert urgency_of("换了煤气。菜没味道", urgent)[0] is None


def test_subject_and_body_are_not_one_sentence() -> None:
    urgent = [Urgent("P0", ("井盖*没了",))]
    assert urgency_of("问问井盖\n快递没了", urgent)[0] is None
    assert urgency_of("\n门口的井盖又\n没了", urgent)[0] == "P0"


def test_what_is_passed_over_hides_no_other_alarm() -> None:
    urgent = [Urgent("P0", ("(着|起)火",)), Urgent(triage.HARMLESS, ("(去年|前年)(|也)着火", "怕起火"))]
    assert urgency_of("去年也着火，怕起火", urgent) == (None, ())
    assert urgency_of("去年着火，今天又着火了", urgent) == ("P0", ("着火",))


@pytest.mark.parametrize("word", ["", "(煤气|瓦斯", "煤气|瓦斯", "((煤气)|瓦斯)味", "味)"])
def test_a_word_with_broken_signs_is_refused_at_the_door_and_deafens_nothing(word: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(word) + "$"):
        spoken(word)
    if word:
        assert urgency_of("起火了", [Urgent("P0", (word, "起火"))]) == ("P0", ("起火",))


def test_the_seeded_words_of_urgency_can_be_read() -> None:
    for row in SEED["urgent"]:
        assert all(spoken(word).pattern for word in row["words"])


def test_a_message_of_any_length_is_read_to_its_end() -> None:
    assert urgency_of("路灯不亮" * 4000 + "。楼道里着火了", URGENT)[0] == "P0"


def test_the_subject_counts_more_than_the_body() -> None:
    rules = [Rule("A03", ("路灯不亮",)), Rule("B01", ("垃圾桶满了",))]
    found = claim("路灯不亮", "另外垃圾桶满了", rules, ())
    assert found is not None
    assert (found.category, found.runner_up) == ("A03", "B01")


def test_a_tie_is_left_to_a_person() -> None:
    rules = [Rule("A03", ("路灯坏了",)), Rule("B01", ("垃圾没收",))]
    assert claim("路灯坏了，垃圾没收", "", rules, ()) is None


def test_a_rule_waits_for_what_it_needs_and_yields_to_what_it_excludes() -> None:
    rules = [Rule("E03", ("充电充电充电",), needs=("楼道",), unless=("上牌",))]
    assert claim("充电充电充电", "", rules, ()) is None
    assert claim("楼道充电充电充电", "", rules, ()) is not None
    assert claim("楼道充电充电充电", "上牌", rules, ()) is None


def test_a_word_inside_a_longer_one_counts_once() -> None:
    one = claim("下水道堵塞", "", [Rule("A01", ("下水道堵塞",))], ())
    two = claim("下水道堵塞", "", [Rule("A01", ("下水道堵塞", "下水道"))], ())
    assert one is not None
    assert two is not None
    assert one.score == two.score


def test_a_message_without_subject_is_read_by_its_opening() -> None:
    found = claim("", "东门路灯不亮三天了", RULES, URGENT)
    assert found is not None
    assert found.category == "A03"


def test_invisible_characters_and_full_width_letters_do_not_hide_a_word() -> None:
    assert tidy("ＫＴＶ 噪\u200b音\n") == "ktv噪音"
    assert claim("ＫＴＶ 噪\u200b音", "每晚都吵", RULES, URGENT) is not None


def test_seed_words_are_written_as_they_are_looked_for() -> None:
    words = [w for row in (*SEED["rule"], *SEED["urgent"]) for key in ("words", "needs", "not") for w in row.get(key, ())]
    assert [w for w in words if tidy(w) != w or not w] == []
    for row in (*SEED["rule"], *SEED["urgent"]):
        assert len(row["words"]) == len(set(row["words"]))


def test_the_deciding_words_come_longest_first_and_always_in_the_same_order() -> None:
    found = claim("汽车乱停，双排停车", "天天有人违停", RULES, URGENT)
    assert found is not None
    assert found.words == ("双排停车", "汽车乱停", "违停")
