import collections,sys
import tests.test_soundness as t
from sqlalchemy import select
from models import Journal, table
from rules.lifecycle import MOVES
import tests.support.sound as sound
orig=t.complaints
def spy(db,now):
    with db.unit_of_work() as s:
        j=table(Journal)
        c=collections.Counter(s.connection().execute(select(j.c.thing,j.c.action)).all())
    spy.c=c
    return orig(db,now)
t.complaints=spy
from tests.test_soundness import *
from tests.conftest import *
def test_z():
    print({k:v for k,v in sorted((tuple(a),n) for a,n in spy.c.items()) if k[0] in('extension','supervision') or k[1] in ('extended','ask_extension','reach','bind','supervise','hold','resume','red','take_up','rework','reopen')})
    assert False
