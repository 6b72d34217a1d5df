"""What tests of duplicates share."""

from models import Database

#: Nine wordings of one night market, and what is not it.
MARKET = (
    "滨河夜市每天吵到凌晨两点，根本睡不着",
    "桃花苑门口的烧烤摊半夜划拳喝酒，孩子都被吵醒了",
    "滨河那边的夜宵摊太闹，音响震得窗户响",
    "住在桃花苑，正对滨河夜市，喇叭叫卖到深夜",
    "滨河夜市噪音扰民，恳请领导尽快整治",
    "桃花苑楼下大排档凌晨还在唱歌，没法休息",
    "滨河路的小吃摊收摊时乒乒乓乓，一夜无眠",
    "又是滨河夜市，分贝太高，老人心脏受不了，睡不好",
    "桃花苑南门摆摊的半夜大声喧哗，请来管管",
)


def rows(database: Database, statement):
    with database.unit_of_work() as session:
        return session.connection().execute(statement).all()
