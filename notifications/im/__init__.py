"""Instant messages: the application of WeCom or 政务微信, and the group robots of DingTalk and Feishu."""
