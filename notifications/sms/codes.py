"""What the codes of the template gateways mean, as their documents of 2026 have them; a code that is not here is refused for now."""

from typing import Final

from notifications.channels.errors import BALANCE, CREDENTIALS, DOWN, LATER, NEVER, NUMBER, THROTTLED, WORDS, Meaning, Table


def _all(meaning: Meaning, *codes: str) -> dict[str, Meaning]:
    return dict.fromkeys(codes, meaning)


#: Aliyun: codes of the service (isv., isp.) and of the API gateway before it.
ALIYUN: Final[Table] = {
    **_all(THROTTLED, "isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL", "isv.SMS_OVER_LIMIT"),
    **_all(NUMBER, "isv.MOBILE_NUMBER_ILLEGAL", "isv.PHONE_NUMBER_ILLEGAL", "isv.NOT_SUPPORTED_COUNTRY"),
    **_all(WORDS, "isv.SMS_TEMPLATE_ILLEGAL", "isv.TEMPLATE_MISSING_PARAMETERS", "isv.TEMPLATE_PARAMS_ILLEGAL", "isv.SMS_CONTENT_ILLEGAL"),
    **_all(WORDS, "isv.SMS_SIGNATURE_ILLEGAL", "isv.SMS_SIGN_ILLEGAL", "isv.SIGN_NAME_ILLEGAL", "isv.SMS_SIGNATURE_SCENE_ILLEGAL"),
    **_all(WORDS, "isv.SIGN_STATE_ILLEGAL", "isv.SMS_SIGN_NOT_EXIST", "isv.TEMPLATE_NOT_EXIST", "isv.TEMPLATE_STATE_ILLEGAL"),
    **_all(WORDS, "isv.PARAM_LENGTH_LIMIT", "isv.PARAM_NOT_SUPPORT_URL", "isv.BLACK_KEY_CONTROL_LIMIT", "isv.SMS_SIGNATURE_NOT_FILED"),
    **_all(NEVER, "isv.INVALID_PARAMETERS", "isv.INVALID_JSON_PARAM", "isv.MOBILE_COUNT_OVER_LIMIT", "MissingParameter"),
    **_all(BALANCE, "isv.AMOUNT_NOT_ENOUGH", "isv.OUT_OF_SERVICE", "isv.BILLING_DEDUCTION_ERROR"),
    **_all(CREDENTIALS, "SignatureDoesNotMatch", "IncompleteSignature", "InvalidAccessKeyId", "InvalidAccessKeyId.NotFound"),
    **_all(
        CREDENTIALS,
        "InvalidAccessKeyId.Inactive",
        "Forbidden.AccessKeyDisabled",
        "Forbidden.RAM",
        "NoPermission",
        "InvalidTimeStamp.Expired",
    ),
    **_all(CREDENTIALS, "isp.RAM_PERMISSION_DENY", "isv.RAM_CHECK_FAILED", "isv.DENY_IP_RANGE", "isv.ACCOUNT_NOT_EXISTS"),
    **_all(CREDENTIALS, "isv.ACCOUNT_ABNORMAL", "isv.PRODUCT_UN_SUBSCRIPT", "isv.PRODUCT_UNSUBSCRIBE", "isv.FORBIDDEN_ACTION"),
    **_all(LATER, "Throttling", "Throttling.User", "Throttling.Api", "SignatureNonceUsed"),
    **_all(DOWN, "isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR", "isp.UNKNOWN", "ServiceUnavailable", "InternalError"),
}
#: Tencent Cloud: codes of sms 2021-01-11 and of the API gateway before it.
TENCENT: Final[Table] = {
    **_all(
        THROTTLED, "LimitExceeded.PhoneNumberDailyLimit", "LimitExceeded.PhoneNumberOneHourLimit", "LimitExceeded.DeliveryFrequencyLimit"
    ),
    **_all(THROTTLED, "LimitExceeded.PhoneNumberThirtySecondLimit", "LimitExceeded.PhoneNumberSameContentDailyLimit"),
    **_all(THROTTLED, "LimitExceeded.AppDailyLimit", "LimitExceeded.AppMainlandChinaDailyLimit", "LimitExceeded.DailyLimit"),
    **_all(
        NUMBER,
        "InvalidParameterValue.IncorrectPhoneNumber",
        "FailedOperation.PhoneNumberParseFail",
        "FailedOperation.PhoneNumberInBlacklist",
    ),
    **_all(NUMBER, "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone", "UnsupportedOperation.UnsupportedRegion"),
    **_all(WORDS, "FailedOperation.TemplateIncorrectOrUnapproved", "FailedOperation.TemplateUnapprovedOrNotExist"),
    **_all(WORDS, "FailedOperation.TemplateIdNotExist", "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"),
    **_all(
        WORDS,
        "FailedOperation.SignatureIncorrectOrUnapproved",
        "FailedOperation.ContainSensitiveWord",
        "FailedOperation.MissingTemplateList",
    ),
    **_all(WORDS, "InvalidParameterValue.TemplateParameterLengthLimit", "InvalidParameterValue.TemplateParameterFormatError"),
    **_all(WORDS, "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter", "InvalidParameterValue.ContentLengthLimit"),
    **_all(WORDS, "InvalidParameterValue.UnsupportedTemplateVariable"),
    **_all(NEVER, "InvalidParameter", "MissingParameter", "MissingParameter.EmptyPhoneNumberSet", "LimitExceeded.PhoneNumberCountLimit"),
    **_all(NEVER, "FailedOperation.JsonParseFail", "FailedOperation.FailResolvePacket"),
    **_all(BALANCE, "FailedOperation.InsufficientBalanceInSmsPackage", "UnauthorizedOperation.ServiceSuspendDueToArrears"),
    **_all(CREDENTIALS, "AuthFailure", "AuthFailure.SignatureFailure", "AuthFailure.SecretIdNotFound", "AuthFailure.InvalidSecretId"),
    **_all(CREDENTIALS, "AuthFailure.SignatureExpire", "AuthFailure.TokenFailure", "AuthFailure.InvalidAuthorization"),
    **_all(CREDENTIALS, "AuthFailure.UnauthorizedOperation", "UnauthorizedOperation", "UnauthorizedOperation.RequestIpNotInWhitelist"),
    **_all(CREDENTIALS, "UnauthorizedOperation.SmsSdkAppIdVerifyFail", "UnauthorizedOperation.SdkAppIdIsDisabled"),
    **_all(CREDENTIALS, "UnauthorizedOperation.RequestPermissionDeny", "InvalidParameterValue.SdkAppIdNotExist", "IpNotInWhitelist"),
    **_all(CREDENTIALS, "InternalError.RequestTimeException", "InternalError.SigVerificationFail", "InternalError.SigFieldMissing"),
    **_all(LATER, "RequestLimitExceeded", "LimitExceeded", "RequestLimitExceeded.UinLimitExceeded", "RequestLimitExceeded.IPLimitExceeded"),
    **_all(DOWN, "InternalError", "InternalError.OtherError", "InternalError.UnknownError", "InternalError.SendAndRecvFail"),
    **_all(DOWN, "InternalError.Timeout", "ResourceUnavailable", "FailedOperation"),
}
#: Huawei Cloud: `code` of the whole answer and `status` of the one recipient.
HUAWEI: Final[Table] = {
    **_all(CREDENTIALS, *(f"E0000{number:02}" for number in (*range(1, 7), *range(20, 28)))),
    **_all(CREDENTIALS, "E000101", "E000102", "E000103", "E000104", "E000105", "E000106", "E000109", "E000110", "E000111", "E000620"),
    **_all(BALANCE, "E000112"),
    **_all(NEVER, "E000040", "E000503"),
    **_all(THROTTLED, "E000623"),
    **_all(WORDS, "E200028", "E200029", "E200030", "E200031", "E200032", "E200033"),
    **_all(NUMBER, "E200025"),
    **_all(LATER, "E200015", "E000510", "E200037"),
    **_all(DOWN, "E000000", "E200027"),
}
