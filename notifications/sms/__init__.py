"""Short messages: the template gateways of Aliyun, Tencent and Huawei over HTTP, and SMPP."""
