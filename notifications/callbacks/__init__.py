"""What vendors push to us, receipts and replies: pure functions from what came over the wire to what it means."""
