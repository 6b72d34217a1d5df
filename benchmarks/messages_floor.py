"""The floor of messages: the barest way to hand so many over to the same simulator, one after the other, nothing kept of it."""

import http.client
import json
import re
import secrets
import smtplib
from email.message import EmailMessage
from typing import Final

from benchmarks.pacing import Worker
from clock import utcnow
from notifications.signing import acs3
from services.templates.demonstration import filed
from settings import Settings

_SLICE: Final = 50
_TEXT: Final = "有一件新工单，由你单位主办。\n编号：BH-20261120-0001\n事项：请帮忙代办老年证\n下一步：签收，先联系反映人，再办理。\n" * 2
_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
Signed = list[tuple[str, dict[str, str]]]


def mails(settings: Settings, n: int) -> Worker:
    """Hand over n mails on one connection that is kept."""
    with smtplib.SMTP(settings.sim_host, settings.sim_smtp_port, timeout=30) as server:
        server.login("sim", "sim-secret")
        for i in range(1, n + 1):
            mail = EmailMessage()
            mail["From"], mail["To"], mail["Subject"] = "bihuan@example.cn", f"floor{i}@example.cn", "派单 BH-20261120-0001"
            mail["Message-ID"] = f"<floor{i}.{secrets.token_hex(4)}@example.cn>"
            mail.set_content(_TEXT)
            server.send_message(mail)
            if i % _SLICE == 0:
                yield min(0.999, i / n)


def signed_beforehand(settings: Settings, n: int) -> Signed:
    """The requests of n SMS to the same vendor, ready to be sent: signing them is no part of the floor."""
    template = next(each for each in filed("alisms", settings.public_url) if each.which.notice == "accepted")
    values = json.dumps(dict.fromkeys(_VARIABLE.findall(template.content), "一二三四五六"), ensure_ascii=False)
    host, made = f"{settings.sim_host}:{settings.sim_port}", []
    for i in range(n):
        given = {"OutId": f"FLOOR{i}", "PhoneNumbers": f"10077{i:06}", "SignName": settings.sms_sign}
        query = acs3.canonical_query({**given, "TemplateCode": template.code, "TemplateParam": values})
        nonce, now, key = secrets.token_hex(16), utcnow(), {"key_id": "sim", "secret": "sim-secret"}
        headers = acs3.signed(**key, host=host, path="/", query=query, action="SendSms", version="2017-05-25", nonce=nonce, now=now)
        made.append((f"/?{query}", headers))
    return made


def posts(settings: Settings, requests: Signed) -> Worker:
    """POST them on one connection that is kept alive."""
    connection = http.client.HTTPConnection(settings.sim_host, settings.sim_port, timeout=30)
    for i, (path, headers) in enumerate(requests, start=1):
        connection.request("POST", path, b"", headers)
        answer = json.loads(connection.getresponse().read())
        if i == 1 and answer.get("Code") != "OK":
            raise SystemExit(f"the floor is refused: {answer}")
        if i % _SLICE == 0:
            yield min(0.999, i / len(requests))
    connection.close()
