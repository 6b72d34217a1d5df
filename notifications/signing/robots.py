"""How group robots sign: DingTalk's 加签 and Feishu's 签名校验, which look alike and are not."""

import base64
import hmac


def dingtalk(secret: str, milliseconds: int) -> str:
    r"""Base64 of HMAC-SHA256 over `timestamp\nsecret`, keyed with the secret; to be percent-encoded *once* in the address.

    Args:
        secret: SEC…, from the robot's page.
        milliseconds: The timestamp that the address carries.
    """
    return base64.b64encode(hmac.digest(secret.encode(), f"{milliseconds}\n{secret}".encode(), "sha256")).decode()


def feishu(secret: str, seconds: int) -> str:
    r"""Base64 of HMAC-SHA256 over *nothing*, keyed with `timestamp\nsecret`: goes into the body beside the timestamp.

    Args:
        secret: From the robot's page.
        seconds: The timestamp that the body carries; one hour of difference is allowed.
    """
    return base64.b64encode(hmac.digest(f"{seconds}\n{secret}".encode(), b"", "sha256")).decode()
