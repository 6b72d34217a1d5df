"""Delivering queued messages: plan and word them, record what became of them. Sending itself happens outside."""

from services.deliveries.planning import plan
from services.deliveries.plans import Before, Plan, Ready
from services.deliveries.recording import Result, Try, record
from services.deliveries.setup import Setup, Voice

__all__ = ["Before", "Plan", "Ready", "Result", "Setup", "Try", "Voice", "plan", "record"]
