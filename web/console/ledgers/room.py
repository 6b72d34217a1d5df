"""All pages of the ledgers, as the app takes them."""

from fastapi import APIRouter

from web.console.ledgers import campaigns, forces, index, outside, patrols, points, responsibility, sensors, subjects, topics

router = APIRouter(include_in_schema=False)
for each in (index, sensors, subjects, patrols, points, campaigns, topics, responsibility, outside, forces):
    router.include_router(each.router)
