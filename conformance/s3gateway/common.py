"""What the scripts of this folder share: clients, roles, and checks that end at the first that fails."""
import functools
import json
import os
import subprocess
import sys

import boto3
from botocore.config import Config

import checks
from checks import check

env = os.environ
iam, sts = boto3.client("iam"), boto3.client("sts")
account = sts.get_caller_identity()["Account"]
refused = functools.partial(checks.refused, status=(400, 403))


def client(service, key, secret, token=None, **args):
    return boto3.client(service, aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, **args)


def s3(key, secret, token=None):
    # One attempt: a fault of the server shall be seen as one.
    return client("s3", key, secret, token, endpoint_url=env["S3_URL"],
                  config=Config(signature_version="s3v4", retries={"max_attempts": 1, "mode": "standard"}, s3={"addressing_style": "path"}))


def of(c):
    """The S3 client of credentials as STS returns them."""
    return s3(c["AccessKeyId"], c["SecretAccessKey"], c["SessionToken"])


owner = s3(env["S3_ROOT_KEY"], env["S3_ROOT_SECRET"])


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect, action, resource, **more):
    return dict(Effect=effect, Action=action, Resource=resource, **more)


def allow(action, resource, **more):
    return statement("Allow", action, resource, **more)


def deny(action, resource, **more):
    return statement("Deny", action, resource, **more)


def role(name, *statements):
    """A role that the account may assume, with those statements as its policy."""
    trust = document(dict(Effect="Allow", Action=["sts:AssumeRole", "sts:TagSession"], Principal={"AWS": account}))
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="s3", PolicyDocument=document(*statements))
    return arn


def assume(arn, session="session", **args):
    return sts.assume_role(RoleArn=arn, RoleSessionName=session, **args)["Credentials"]


def cli(c, *args):
    """Runs the AWS CLI and returns exit code and output."""
    own = dict(env, AWS_ACCESS_KEY_ID=c["AccessKeyId"], AWS_SECRET_ACCESS_KEY=c["SecretAccessKey"], AWS_SESSION_TOKEN=c["SessionToken"],
               AWS_ENDPOINT_URL=env["S3_URL"], AWS_MAX_ATTEMPTS="1")
    aws = os.path.join(os.path.dirname(sys.executable), "aws")
    done = subprocess.run([sys.executable, aws, *args], env=own, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr
