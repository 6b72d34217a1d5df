"""What the bench keeps on a phone for a dead zone: the script that keeps its empty forms, and the page that stands in for all others."""

from importlib import resources
from typing import Final

from fastapi import APIRouter, Request, Response

from web.access.visitor import Signed
from web.phone.bench.frame import bench_page

router = APIRouter(include_in_schema=False)
_SCRIPT: Final = "bench-worker.js"


@router.get("/grid/worker.js")
def worker() -> Response:
    """The script; it may look after everything below /grid, and nothing else."""
    text = resources.files("web").joinpath("static").joinpath(_SCRIPT).read_text(encoding="utf-8")
    return Response(text, media_type="text/javascript", headers={"Service-Worker-Allowed": "/grid", "Cache-Control": "no-cache"})


@router.get("/grid/offline")
def offline(request: Request, who: Signed) -> Response:
    """What opens without a network, and what does not."""
    return bench_page(request, who, "offline.html")
