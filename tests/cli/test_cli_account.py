"""Accounts on the command line: a one-time password is printed once, what stands in the way is a sentence."""

import re


def test_an_account_is_given_looked_at_unlocked_and_its_sessions_ended(bihuan):
    told = bihuan("account", "give", "water.clerk", "--as", "admin")
    assert re.search(r"一次性密码：([a-z2-9]{4}-){3}[a-z2-9]{4}\n", told.out)
    again = bihuan("account", "give", "water.clerk", "--as", "admin", "--json").json
    assert again["password"] not in told.out
    (row,) = bihuan("account", "list", "--words", "water.clerk", "--json").json
    assert (row["state"], row["unit"], row["sessions"]) == ("one_time", "water", 0)
    assert again["password"] not in bihuan("account", "list").out
    assert "待设密码" in bihuan("account", "list", "--words", "water.clerk").out
    assert "没有找到" in bihuan("account", "list", "--words", "nobody").out
    assert bihuan("account", "unlock", "water.clerk", "--as", "admin").code == 0
    assert bihuan("account", "end", "water.clerk", "--as", "admin", "--json").json == {"user": "water.clerk", "ended": 0}


def test_who_may_not_and_what_is_not_there_is_told(bihuan):
    for arguments in (
        ("give", "water.clerk", "--as", "water.head"),
        ("give", "nobody", "--as", "admin"),
        ("unlock", "water.clerk", "--as", "admin"),
    ):
        answer = bihuan("account", *arguments)
        assert (answer.code, answer.out) == (1, "")
        assert "{" not in answer.err
        assert "Traceback" not in answer.err
