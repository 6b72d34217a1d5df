"""Disputes (矛盾纠纷): put on record, and who waits for whom; what their moves do is in services/moves/affairs."""

from services.disputes.recording import Raised, Standing, raise_dispute, standing

__all__ = ["Raised", "Standing", "raise_dispute", "standing"]
