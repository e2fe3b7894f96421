"""Files: uploaded in pieces, by X's current way and by the old one."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.routing import Route

from connector.simulator.ads.uploads import (
    EXPIRES_SECONDS,
    Upload,
    category_of,
    problem_with_size,
)
from connector.simulator.authentication import check_app, not_authenticated, user_of
from connector.simulator.endpoint import Endpoint
from connector.simulator.envelope import Answer, RefusedError, gateway_refusal
from connector.simulator.misfortunes import MISFORTUNES, rate_limited
from connector.simulator.signatures import UnknownCallerError, call_of
from connector.simulator.simulation import Simulation
from connector.simulator.world import User

UPLOAD, OLD_UPLOAD = "/2/media/upload", "/1.1/media/upload.json"

# without one, the whole file comes at once
_COMMANDS = frozenset({"", "INIT", "APPEND", "FINALIZE", "STATUS"})
_FIRST_ID = 1_833_000_111_222_333_444
_NUMBER = re.compile(r"[0-9]{1,19}")
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
_PART_NAME = re.compile(rb'[; ]name="([^"]*)"')

Fields = Mapping[str, Any]
Step = Callable[[Simulation, User, Fields], Answer]


def routes(simulation: Simulation) -> list[Route]:
    """Both ways; the command of the old one may be in the query or in the body."""
    by_path = {f"{UPLOAD}/initialize": _v2(_initialize), f"{UPLOAD}/{{id}}/append": _v2(_append),
               f"{UPLOAD}/{{id}}/finalize": _v2(_finalize)}  # fmt: skip

    def route(path: str, method: str, process: Any) -> Route:  # noqa: ANN401
        # a process is what `Endpoint` takes
        misfortunes = {**MISFORTUNES, "rate_limited": _too_often}
        endpoint = Endpoint(simulation=simulation, process=process, misfortunes=misfortunes)
        return Route(path, endpoint, methods=[method])

    return [
        *(route(path, "POST", process) for path, process in by_path.items()),
        route(UPLOAD, "GET", _v2(_status)),
        route(UPLOAD, "POST", _v2(_commanded)),
        *(route(OLD_UPLOAD, method, _old) for method in ("GET", "POST")),
    ]


def _v2(step: Step) -> Callable[[Simulation, Request, bytes], Answer]:
    def process(simulation: Simulation, request: Request, body: bytes) -> Answer:
        user = _caller(simulation, request, body)
        return step(simulation, user, {**_fields(request, body), **request.path_params})

    return process


def _initialize(simulation: Simulation, user: User, fields: Fields) -> Answer:
    upload = _begun(simulation, user, fields, refuse=_problem)
    return Answer(status=200, body={"data": _told(simulation, upload)})


def _append(simulation: Simulation, user: User, fields: Fields) -> Answer:
    upload = _upload(simulation, user, fields.get("id"), refuse=_problem)
    _appended(upload, fields, refuse=_problem)
    expires = int(simulation.clock()) + EXPIRES_SECONDS
    return Answer(status=200, body={"data": {"expires_at": expires}})


def _finalize(simulation: Simulation, user: User, fields: Fields) -> Answer:
    upload = _upload(simulation, user, fields.get("id"), refuse=_problem)
    _finalized(simulation, upload, refuse=_problem)
    return Answer(status=200, body={"data": _told(simulation, upload)})


def _status(simulation: Simulation, user: User, fields: Fields) -> Answer:
    if fields.get("command", "STATUS") != "STATUS":
        raise _problem(400, "command must be STATUS")
    upload = _upload(simulation, user, fields.get("media_id"), refuse=_problem)
    return Answer(status=200, body={"data": _told(simulation, upload)})


def _commanded(simulation: Simulation, user: User, fields: Fields) -> Answer:
    """The same steps by command, as X's quick start has them; without one a file at once."""
    step = _STEPS.get(str(fields.get("command", "")).upper())
    if step is None:
        raise _problem(400, "command must be INIT, APPEND or FINALIZE")
    return step(simulation, user, {**fields, "id": fields.get("media_id")})


def _whole(simulation: Simulation, user: User, fields: Fields) -> Answer:
    upload = _at_once(simulation, user, fields, refuse=_problem)
    return Answer(status=200, body={"data": _told(simulation, upload)})


_STEPS: Mapping[str, Step] = {
    "": _whole, "INIT": _initialize, "APPEND": _append, "FINALIZE": _finalize,
}  # fmt: skip


def _old(simulation: Simulation, request: Request, body: bytes) -> Answer:
    """INIT, APPEND, FINALIZE, STATUS; without a command the whole file at once."""
    user = _caller(simulation, request, body)
    fields = _fields(request, body)
    command = str(fields.get("command", "")).upper()
    if command not in _COMMANDS or (command == "STATUS") != (request.method == "GET"):
        raise _old_problem(400, "command parameter is invalid.")
    if command == "INIT":
        upload = _begun(simulation, user, fields, refuse=_old_problem)
        return Answer(status=202, body=_old_told(simulation, upload))
    if not command:
        upload = _at_once(simulation, user, fields, refuse=_old_problem)
        return Answer(status=200, body=_old_told(simulation, upload))
    upload = _upload(simulation, user, fields.get("media_id"), refuse=_old_problem)
    if command == "APPEND":
        _appended(upload, fields, refuse=_old_problem)
        return Answer(status=204, text="")
    if command == "FINALIZE":
        _finalized(simulation, upload, refuse=_old_problem)
    return Answer(status=200 if command == "STATUS" else 201, body=_old_told(simulation, upload))


Refuse = Callable[[int, str], RefusedError]


def _at_once(simulation: Simulation, user: User, fields: Fields, *, refuse: Refuse) -> Upload:
    piece = fields.get("media")
    if not isinstance(piece, bytes):
        raise refuse(400, "media parameter is missing.")
    facts = {
        "media_type": "image/gif" if piece[:3] == b"GIF" else "image/jpeg",
        "total_bytes": str(len(piece)),
        "media_category": fields.get("media_category", ""),
    }
    upload = _begun(simulation, user, facts, refuse=refuse)
    _appended(upload, {"media": piece, "segment_index": "0"}, refuse=refuse)
    _finalized(simulation, upload, refuse=refuse)
    return upload


def _begun(simulation: Simulation, user: User, fields: Fields, *, refuse: Refuse) -> Upload:
    for name in ("media_type", "total_bytes"):
        if not fields.get(name):
            raise refuse(400, f"{name} parameter is missing.")
    named = str(fields.get("media_category") or "")
    total = str(fields["total_bytes"])
    if not _NUMBER.fullmatch(total):
        raise refuse(400, "total_bytes must be a number.")
    try:
        category = category_of(named, str(fields["media_type"]))
    except ValueError as wrong:
        raise refuse(400, str(wrong)) from None
    problem = problem_with_size(category, int(total))
    if problem:
        raise refuse(400, problem)
    upload = Upload(
        id=_FIRST_ID + len(simulation.uploads) * 1_048_583,
        category=category,
        total_bytes=int(total),
        user_id=user.id,
        began_at=math.floor(simulation.clock()),
        named=bool(named) or refuse is _problem,
    )
    simulation.uploads[upload.key] = upload
    return upload


def _upload(simulation: Simulation, user: User, id_: object, *, refuse: Refuse) -> Upload:
    for upload in simulation.uploads.values():
        expired = simulation.clock() >= upload.began_at + EXPIRES_SECONDS
        if str(upload.id) == str(id_) and upload.user_id == user.id and not expired:
            return upload
    raise refuse(404, "media id is not found or expired.")


def _appended(upload: Upload, fields: Fields, *, refuse: Refuse) -> None:
    index, piece = str(fields.get("segment_index", "")), fields.get("media")
    if not _NUMBER.fullmatch(index):
        raise refuse(400, "segment_index parameter is missing.")
    if not isinstance(piece, bytes):
        raise refuse(400, "media parameter is missing.")
    problem = upload.problem_with(int(index), piece)
    if problem:
        raise refuse(400, problem)
    upload.segments[int(index)] = piece


def _finalized(simulation: Simulation, upload: Upload, *, refuse: Refuse) -> None:
    seconds = simulation.settings.processing_seconds
    problem = upload.finalize(now=math.ceil(simulation.clock()), seconds=seconds)
    if problem:
        raise refuse(400, problem)


def _told(simulation: Simulation, upload: Upload) -> dict[str, object]:
    told: dict[str, object] = {
        "id": str(upload.id),
        "media_key": upload.key,
        "expires_after_secs": EXPIRES_SECONDS,
    }
    if upload.is_whole:
        told["size"] = upload.size
    fails = "processing_fails" in simulation.settings.modes
    processing = upload.processing(now=simulation.clock(), fails=fails)
    return told if processing is None else {**told, "processing_info": processing}


def _old_told(simulation: Simulation, upload: Upload) -> dict[str, object]:
    told = {**_told(simulation, upload), "media_id": upload.id, "media_id_string": str(upload.id)}
    hidden = {"id"} if upload.named else {"id", "media_key"}
    return {name: value for name, value in told.items() if name not in hidden}


def _caller(simulation: Simulation, request: Request, body: bytes) -> User:
    try:
        caller = user_of(call_of(request, body), gate=simulation.gate())
    except UnknownCallerError as unknown:
        raise not_authenticated(unknown.reason, gateway=True) from None
    check_app(caller)
    if caller.scopes is not None and "media.write" not in caller.scopes:
        raise _problem(403, "The token has no scope media.write.")
    if caller.user is None:
        raise not_authenticated("token", gateway=True)
    return caller.user


def _fields(request: Request, body: bytes) -> dict[str, Any]:
    """What a request says in its query and its body, whatever the body's type."""
    content_type = request.headers.get("content-type", "")
    said: dict[str, Any] = dict(request.query_params)
    if content_type.startswith("multipart/"):
        said |= _parts(body, content_type)
    elif content_type.startswith("application/json"):
        try:
            read = json.loads(body)
        except (ValueError, RecursionError):
            read = None
        said |= read if isinstance(read, dict) else {}
    else:
        said |= dict(parse_qsl(body.decode("latin-1"), keep_blank_values=True))
    return said


def _parts(body: bytes, content_type: str) -> dict[str, str | bytes]:
    """The parts of a multipart body: `media` as bytes, the others as text."""
    boundary = _BOUNDARY.search(content_type)
    parts: dict[str, str | bytes] = {}
    for part in body.split(b"--" + boundary[1].encode("latin-1")) if boundary else ():
        head, gap, content = part.partition(b"\r\n\r\n")
        name = _PART_NAME.search(head)
        if gap and name:
            value = content.removesuffix(b"\r\n")
            key = name[1].decode("latin-1")
            parts[key] = value if key == "media" else value.decode("utf-8", "replace")
    return parts


def _too_often(simulation: Simulation) -> Answer:
    """429 of what stands before the uploads: its code is a number."""
    answer = gateway_refusal(429, 88, "Rate limit exceeded")
    return replace(answer, headers=rate_limited(simulation).headers)


def _problem(status: int, detail: str) -> RefusedError:
    """A refusal as X's version 2 has them."""
    return RefusedError(
        Answer(
            status=status,
            body={
                "errors": [{"message": detail}],
                "title": "Invalid Request",
                "detail": detail,
                "type": "https://api.x.com/2/problems/invalid-request",
                "status": status,
            },
        )
    )


def _old_problem(status: int, message: str) -> RefusedError:
    """A refusal of the old way."""
    return RefusedError(Answer(status=status, body={"request": OLD_UPLOAD, "error": message}))
