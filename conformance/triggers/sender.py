"""The function of a custom sender, as AWS's guide has it: it opens the code of an
event with the AWS Encryption SDK. Here it then confirms the sign-up with it."""
import base64
import json
import os
import sys

import aws_encryption_sdk
import boto3
import botocore.session
from botocore.exceptions import ClientError

env = os.environ
event = json.loads(env["POOLHOUSE_EVENT"])
key, pool = env["POOLHOUSE_KEY"], env["POOLHOUSE_POOL"]


def check(name, holds):
    print(("ok   " if holds else "FAIL ") + name)
    if not holds:
        sys.exit(1)


check("event", event["triggerSource"] == "CustomEmailSender_SignUp" and event["request"]["type"] == "customEmailSenderRequestV1"
      and event["request"]["clientMetadata"] == {"lang": "de"} and event["request"]["userAttributes"]["email"] == "ana@example.com")

# An access key that may use the key for this pool alone.
iam = boto3.client("iam")
iam.create_user(UserName="sender")
iam.put_user_policy(UserName="sender", PolicyName="decrypt", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Action": "kms:Decrypt", "Resource": key,
    "Condition": {"StringEquals": {"kms:EncryptionContext:userpool-id": pool}}}]}))
made = iam.create_access_key(UserName="sender")["AccessKey"]


def session(region="us-east-1"):
    s = botocore.session.Session()
    s.set_credentials(made["AccessKeyId"], made["SecretAccessKey"])
    s.set_config_variable("region", region)
    return s


def decrypt(message):
    client = aws_encryption_sdk.EncryptionSDKClient(
        commitment_policy=aws_encryption_sdk.CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT)
    provider = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=[key], botocore_session=session())
    return client.decrypt(source=message, key_provider=provider)


message = base64.b64decode(event["request"]["code"])
check("begins as Cognito's do", event["request"]["code"].startswith("AYAD"))
plain, header = decrypt(message)
check("a code", len(plain) == 6 and plain.isdigit())
check("encryption context", header.encryption_context["userpool-id"] == pool)

for name, spoilt in {"header": message[:40] + bytes([message[40] ^ 1]) + message[41:], "signature": message[:-1] + bytes([message[-1] ^ 1])}.items():
    try:
        decrypt(spoilt)
        check(f"spoilt {name} is refused", False)
    except Exception as e:  # the SDK has an exception for each fault
        check(f"spoilt {name} is refused: {type(e).__name__}", True)

kms = session().create_client("kms")
try:
    kms.decrypt(CiphertextBlob=b"\x01\x00\x01x123", KeyId=key)
    check("another ciphertext is refused", False)
except ClientError as e:
    check("another ciphertext is refused: " + e.response["Error"]["Code"], e.response["Error"]["Code"] == "AccessDeniedException")

boto3.client("cognito-idp").confirm_sign_up(ClientId=env["POOLHOUSE_CLIENT"], Username="ana", ConfirmationCode=plain.decode())
check("the code confirms the sign-up", True)
