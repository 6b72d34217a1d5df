"""A short message centre: binds with system_id and password, takes submit_sm, answers query_sm, brings receipts and replies."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import smpp34

from sim import pdu
from sim.arrival import Arrival, Draft, national
from sim.pdu import Pdu, Submitted
from sim.receipts import Answer, Report
from sim.times import BEIJING
from sim.web import CutError
from sim.world import SMPP_PASSWORD, USER, DownError, World

log = logging.getLogger(__name__)

VENDOR: Final = "smpp"
ACKNOWLEDGE_SECONDS: Final = 10.0


class Session:
    """One connection, from bind to unbind."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        """Nobody is bound yet."""
        self.writer = writer
        self.bound_as = 0
        self._sequence = 0
        self._brought: dict[int, asyncio.Future[bool]] = {}

    @property
    def can_receive(self) -> bool:
        """Whether receipts and replies may be brought by it."""
        return self.bound_as in (pdu.BIND_RECEIVER, pdu.BIND_TRANSCEIVER)

    async def bring(self, word: Callable[[int], bytes]) -> bool:
        """Bring one deliver_sm, worded with its number; False: it was not acknowledged."""
        self._sequence += 1
        sequence = self._sequence
        acknowledged = self._brought[sequence] = asyncio.get_running_loop().create_future()
        try:
            self.writer.write(word(sequence))
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                await self.writer.drain()
                return bool(await acknowledged)
        except (ConnectionError, TimeoutError):
            return False
        finally:
            del self._brought[sequence]

    def acknowledge(self, sequence: int, status: int) -> None:
        """What the other side says to a deliver_sm of ours."""
        waiting = self._brought.get(sequence)
        if waiting is not None and not waiting.done():
            waiting.set_result(status == pdu.OK)

    def end(self) -> None:
        """Nobody will acknowledge any more."""
        for sequence in list(self._brought):
            self.acknowledge(sequence, pdu.GENERIC_NACK)

    def say(self, command: int, sequence: int, body: bytes = b"", status: int = pdu.OK) -> None:
        """Answer."""
        self.writer.write(pdu.written(command | pdu.RESPONSE, sequence, body, status))


class SmppServer:
    """Listens at one port."""

    def __init__(self, world: World, host: str, port: int) -> None:
        """Remember where; nothing listens yet. Port 0: any free one."""
        self._world, self._host, self.port = world, host, port
        self._server: asyncio.Server | None = None
        self._sessions: dict[Session, None] = {}
        self._parts: dict[tuple[str, int, str], dict[int, Submitted]] = {}
        self._working: set[asyncio.Task[None]] = set()
        world.receipts.bound[VENDOR] = self.bring

    async def start(self) -> None:
        """Listen; the port is then known. Raises OSError when it is taken."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, self._host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut every session; start() may be called again and takes the same port."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for session in list(self._sessions):
            session.writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(writer)
        self._sessions[session] = None
        try:
            while await self._one(session, await _read(reader)):
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, CutError):
            writer.transport.abort()
        finally:
            del self._sessions[session]
            session.end()
            writer.close()

    async def _one(self, session: Session, found: Pdu) -> bool:
        """Answer one PDU; False: the session ends. Messages are answered each in its own time."""
        if found.command in pdu.BINDS:
            return self._bind(session, found)
        if found.command == pdu.ENQUIRE_LINK:
            session.say(found.command, found.sequence)
        elif found.command == pdu.UNBIND:
            session.say(found.command, found.sequence)
            return False
        elif found.command in (pdu.SUBMIT_SM, pdu.QUERY_SM):
            if session.bound_as in (0, pdu.BIND_RECEIVER):
                session.say(found.command, found.sequence, status=pdu.NOT_BOUND)
                return True
            task = asyncio.create_task(self._answer(session, found))
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        elif found.command == pdu.DELIVER_SM | pdu.RESPONSE:
            session.acknowledge(found.sequence, found.status)
        elif not found.command & pdu.RESPONSE:
            session.writer.write(pdu.written(pdu.GENERIC_NACK, found.sequence, status=pdu.UNKNOWN_COMMAND))
        return True

    def _bind(self, session: Session, found: Pdu) -> bool:
        system_id, password = pdu.strings(found.body, 2)
        if self._world.rejects(VENDOR) or (system_id, password) != (USER, SMPP_PASSWORD):
            session.say(found.command, found.sequence, status=pdu.WRONG_PASSWORD)
            return False
        session.bound_as = found.command
        session.say(found.command, found.sequence, pdu.c_string("SIM"))
        return True

    async def _answer(self, session: Session, found: Pdu) -> None:
        try:
            await self._world.gate(VENDOR)
            if found.command == pdu.QUERY_SM:
                self._query(session, found)
            else:
                await self._submit(session, found)
        except (CutError, DownError):
            session.writer.transport.abort()
        except smpp34.SmppError:
            session.say(found.command, found.sequence, status=pdu.UNKNOWN_COMMAND)

    async def _submit(self, session: Session, found: Pdu) -> None:
        message = pdu.submitted(found)
        whole = self._put_together(message)
        if whole is None:
            session.say(found.command, found.sequence, pdu.c_string(self._world.provider_id()))
            return
        met = await self._world.meet(_draft(message, whole), self._world.provider_id())
        if met.refused is not None:
            self._forget(message)
            session.say(found.command, found.sequence, status=int(met.refused.code))
        else:
            session.say(found.command, found.sequence, pdu.c_string(met.arrival.provider_id))

    def _put_together(self, message: Submitted) -> str | None:
        """The whole text; None: parts of it are still to come.

        The phone keeps the parts it has: one that comes again alone makes the text whole again, a first one begins it anew.
        """
        if message.part is None:
            return message.text
        number, total, which = message.part
        parts = self._parts.setdefault((message.destination, number, message.reference), {})
        if len(parts) == total and which == 1:
            parts.clear()
        parts[which] = message
        return None if len(parts) < total else "".join(parts[place].text for place in sorted(parts))

    def _forget(self, message: Submitted) -> None:
        """A part that was refused never came to the phone; the others did."""
        if message.part is not None:
            number, _, which = message.part
            self._parts[message.destination, number, message.reference].pop(which, None)

    def _query(self, session: Session, found: Pdu) -> None:
        """Where is it? ESME_RINVMSGID: no such message here."""
        (called,) = pdu.strings(found.body, 1)
        arrival = self._world.ledger.called(VENDOR, called)
        if arrival is None or not arrival.accepted:
            session.say(found.command, found.sequence, status=pdu.UNKNOWN_MESSAGE)
            return
        state = pdu.MESSAGE_STATES.get(arrival.receipt, 5)
        final = arrival.receipt_at.astimezone(BEIJING).strftime("%y%m%d%H%M%S032+") if arrival.receipt_at else ""
        session.say(found.command, found.sequence, pdu.c_string(called) + pdu.c_string(final) + bytes((state, 0)))

    def _receiver(self) -> Session | None:
        """The session that bound last of those that receive."""
        return next((one for one in reversed(self._sessions) if one.can_receive and not one.writer.is_closing()), None)

    async def bring(self, reports: Sequence[Report]) -> bool:
        """Bring receipts; False: nobody is bound who receives, or not all were acknowledged."""
        session = self._receiver()
        if session is None:
            return False
        return all(await asyncio.gather(*(session.bring(partial(_receipt, report)) for report in reports)))

    async def reply(self, answer: Answer) -> bool:
        """Bring somebody's short message; False: nobody is bound who receives, or it was not acknowledged."""
        session = self._receiver()
        words = answer.text.encode("utf-16-be")
        return session is not None and await session.bring(
            lambda sequence: pdu.delivery(sequence, answer.phone, "10690000", words, receipt=False, coding=pdu.UCS2)
        )


async def _read(reader: asyncio.StreamReader) -> Pdu:
    head = await reader.readexactly(pdu.HEADER.size)
    length, command, status, sequence = pdu.HEADER.unpack(head)
    if not pdu.HEADER.size <= length <= pdu.LARGEST:
        raise CutError
    body = await reader.readexactly(length - pdu.HEADER.size)
    return Pdu(command, status, sequence, body, head + body)


def _draft(message: Submitted, text: str) -> Draft:
    to = national(message.destination)
    return Draft(VENDOR, to, text, message.reference, sender=message.source, wants_receipt=message.wants_receipt)


def _receipt(report: Report, sequence: int) -> bytes:
    """The receipt of appendix B, with the message's name and state as optional parameters too."""
    arrival: Arrival = report.arrival
    submitted, done = (at.astimezone(BEIJING).strftime("%y%m%d%H%M") for at in (arrival.at, report.at))
    arrived, error = ("001", "000") if report.delivered else ("000", "001")
    dates = f"submit date:{submitted} done date:{done}"
    text = f"id:{arrival.provider_id} sub:001 dlvrd:{arrived} {dates} stat:{report.status} err:{error} text:"
    tlvs = (
        smpp34.Tlv(pdu.TLV_RECEIPTED_MESSAGE_ID, pdu.c_string(arrival.provider_id)),
        smpp34.Tlv(pdu.TLV_MESSAGE_STATE, bytes((pdu.MESSAGE_STATES.get(report.status, 5),))),
    )
    return pdu.delivery(sequence, arrival.to, arrival.sender, text.encode(), receipt=True, tlvs=tlvs)
