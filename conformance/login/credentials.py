"""boto3 finds the credentials of a sign-in in each way that needs no code."""
import os

import boto3

env = dict(os.environ)


def caller(name, **settings):
    clean = {k: v for k, v in env.items() if not k.startswith("AWS_") or k in ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED")}
    os.environ.clear()
    os.environ.update(clean | {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"} | settings)
    session = boto3.Session()
    arn = session.client("sts").get_caller_identity()["Arn"]
    method = session.get_credentials().method
    assert method == name, f"{method}, not {name}"
    return arn


mine = ":assumed-role/cli/alice"
arn = caller("custom-process", AWS_CONFIG_FILE=env["PROCESS_CONFIG"])
assert arn.endswith(mine), arn
print("ok   credential_process", arn)
arn = caller("container-role", AWS_CONTAINER_CREDENTIALS_FULL_URI=env["CONTAINER_URI"], AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=env["CONTAINER_TOKEN_FILE"])
assert arn.endswith(mine), arn
print("ok   container endpoint", arn)
arn = caller("assume-role-with-web-identity", AWS_WEB_IDENTITY_TOKEN_FILE=env["WEB_TOKEN_FILE"], AWS_ROLE_ARN=env["ROLE_ARN"], AWS_ROLE_SESSION_NAME="web")
assert arn.endswith(":assumed-role/cli/web"), arn
print("ok   web identity token file", arn)
