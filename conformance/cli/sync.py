"""boto3 against one server: every operation of Cognito Sync and each error that it declares."""
import os
import time
import urllib.request

import boto3
from botocore import UNSIGNED
from botocore.config import Config

import checks
from checks import check, done, refused
from ledger import Ledger

env, ledger = os.environ, Ledger("cognito-sync")
POOL = env["POOLHOUSE_IDENTITY_POOL_ID"]
NOBODY = "us-east-1:00000000-0000-4000-8000-000000000000"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:check"
quick = Config(retries={"total_max_attempts": 1})
root = ledger.watch(boto3.client("cognito-sync", config=quick))
identities = boto3.client("cognito-identity", config=Config(signature_version=UNSIGNED))
idp = boto3.client("cognito-idp", config=Config(signature_version=UNSIGNED))


def user(n):
    """A client with the credentials of a user's identity, and the identity."""
    token = idp.initiate_auth(AuthFlow="USER_PASSWORD_AUTH", ClientId=env["POOLHOUSE_CLIENT_ID"], AuthParameters={
        "USERNAME": env["POOLHOUSE_USERNAME" + n], "PASSWORD": env["POOLHOUSE_PASSWORD" + n]})["AuthenticationResult"]["IdToken"]
    logins = {"cognito-idp." + env["AWS_REGION"] + ".amazonaws.com/" + env["POOLHOUSE_POOL_ID"]: token}
    identity = identities.get_id(IdentityPoolId=POOL, Logins=logins)["IdentityId"]
    c = identities.get_credentials_for_identity(IdentityId=identity, Logins=logins)["Credentials"]
    return ledger.watch(boto3.client("cognito-sync", config=quick, aws_access_key_id=c["AccessKeyId"], aws_secret_access_key=c["SecretKey"],
                                     aws_session_token=c["SessionToken"])), identity


alice, aid = user("")
bob, bid = user("2")
mine = dict(IdentityPoolId=POOL, IdentityId=aid)
missing = dict(IdentityPoolId=NOBODY, IdentityId=NOBODY)


def put(key, value, count=0):
    return dict(Op="replace", Key=key, Value=value, SyncCount=count)


def update(name, *patches, by=alice, **more):
    session = by.list_records(**mine, DatasetName=name)["SyncSessionToken"]
    return by.update_records(**dict(dict(mine, DatasetName=name, DeviceId="phone", SyncSessionToken=session, RecordPatches=list(patches)), **more))["Records"]


# Records.
first = update("notes", put("a", "1"), put("b", "ü"))
check("one count for both", [r["SyncCount"] for r in first] == [1, 1])
update("notes", dict(Op="remove", Key="a", SyncCount=1))
listed = alice.list_records(**mine, DatasetName="notes", LastSyncCount=1)
check("a tombstone", [(r["Key"], r.get("Value"), r["SyncCount"]) for r in listed["Records"]] == [("a", None, 2)])
check("by whom", listed["LastModifiedBy"] == "phone" and listed["DatasetSyncCount"] == 2)
one = alice.list_records(**mine, DatasetName="notes", MaxResults=1)
two = alice.list_records(**mine, DatasetName="notes", MaxResults=1, NextToken=one["NextToken"])
check("pages", [r["Key"] for r in one["Records"] + two["Records"]] == ["b", "a"])
check("described", alice.describe_dataset(**mine, DatasetName="notes")["Dataset"]["NumRecords"] == 1)
check("listed", [d["DatasetName"] for d in alice.list_datasets(**mine)["Datasets"]] == ["notes"])
check("usage", alice.describe_identity_usage(**mine)["IdentityUsage"]["DatasetCount"] == 1)

session = alice.list_records(**mine, DatasetName="notes")["SyncSessionToken"]
change = dict(mine, DatasetName="notes", SyncSessionToken=session)
refused("a stale count", "ResourceConflictException", alice.update_records, "Current SyncCount for: b is: 1 not: 0", (409,), **change, RecordPatches=[put("b", "2")])
refused("too much", "LimitExceededException", alice.update_records, **change, RecordPatches=[put(f"k{n}", "") for n in range(1024)])
refused("no session of ours", "InvalidParameterException", alice.update_records, **dict(change, SyncSessionToken="x"), RecordPatches=[put("c", "")])
refused("another's", "NotAuthorizedException", bob.update_records, "", (403,), **change, RecordPatches=[put("c", "")])
refused("another's, read", "NotAuthorizedException", bob.list_records, **mine, DatasetName="notes")
refused("another's, described", "NotAuthorizedException", bob.describe_dataset, **mine, DatasetName="notes")
refused("another's, deleted", "NotAuthorizedException", bob.delete_dataset, **mine, DatasetName="notes")
refused("another's datasets", "NotAuthorizedException", bob.list_datasets, **mine)
refused("another's usage", "NotAuthorizedException", bob.describe_identity_usage, **mine)
refused("a count below zero", "InvalidParameterException", alice.list_records, **mine, DatasetName="notes", LastSyncCount=-1)
for call in (alice.describe_dataset, alice.delete_dataset):
    refused("no such dataset", "ResourceNotFoundException", call, "", (404,), **mine, DatasetName="ghost")
    refused("no name of a dataset", "InvalidParameterException", call, **mine, DatasetName="a b")
refused("nobody", "ResourceNotFoundException", root.update_records, **missing, DatasetName="notes", SyncSessionToken=session, RecordPatches=[put("c", "")])
refused("nobody's usage", "ResourceNotFoundException", root.describe_identity_usage, **missing)
refused("a page of nothing", "InvalidParameterException", alice.list_datasets, **mine, MaxResults=-1)
refused("no form of an id", "InvalidParameterException", root.describe_identity_usage, IdentityPoolId="x" * 60, IdentityId="y")
check("deleted", alice.delete_dataset(**mine, DatasetName="notes")["Dataset"]["NumRecords"] == 1)
check("told", alice.list_records(**mine, DatasetName="notes", LastSyncCount=1)["DatasetDeletedAfterRequestedSyncCount"])

# Functions that see what devices store.
root.set_cognito_events(IdentityPoolId=POOL, Events={"SyncTrigger": FUNCTION})
check("events", root.get_cognito_events(IdentityPoolId=POOL)["Events"] == {"SyncTrigger": FUNCTION})
check("a function adds", {r["Key"]: r.get("Value") for r in update("checked", put("loud", "quiet"))} == {"loud": "QUIET", "total": "1"})
for name, code, status in ("nonsense", "InvalidLambdaFunctionOutputException", 400), ("throttled", "LambdaThrottledException", 429):
    token = alice.list_records(**mine, DatasetName=name)["SyncSessionToken"]
    refused(name, code, alice.update_records, "", (status,), **mine, DatasetName=name, SyncSessionToken=token, RecordPatches=[put("a", "")])
    check("nothing stored", not alice.list_records(**mine, DatasetName=name)["DatasetExists"])
check("not for developers", [r["Key"] for r in update("nonsense", put("a", ""), by=root)] == ["a"])
root.set_cognito_events(IdentityPoolId=POOL, Events={"SyncTrigger": ""})
check("no events", root.get_cognito_events(IdentityPoolId=POOL)["Events"] == {})
refused("another event", "InvalidParameterException", root.set_cognito_events, IdentityPoolId=POOL, Events={"Other": FUNCTION})

# Devices that are pushed to.
register = dict(mine, Platform="GCM", Token="a token")
refused("a pool without push", "InvalidConfigurationException", alice.register_device, **register)
for call in (alice.subscribe_to_dataset, alice.unsubscribe_from_dataset):
    refused("a pool without push", "InvalidConfigurationException", call, **mine, DatasetName="checked", DeviceId="d" * 20)
configured = root.set_identity_pool_configuration(IdentityPoolId=POOL, PushSync=dict(
    ApplicationArns=["arn:aws:sns:us-east-1:000000000000:app/GCM/app"], RoleArn="arn:aws:iam::000000000000:role/push"))
check("configured", root.get_identity_pool_configuration(IdentityPoolId=POOL)["PushSync"] == configured["PushSync"])
end = time.monotonic() + 30  # a node may act on settings of two seconds ago
while time.monotonic() < end:
    try:
        phone = alice.register_device(**register)["DeviceId"]
        break
    except alice.exceptions.InvalidConfigurationException:
        time.sleep(0.1)
alice.subscribe_to_dataset(**mine, DatasetName="checked", DeviceId=phone)
alice.unsubscribe_from_dataset(**mine, DatasetName="checked", DeviceId=phone)
for call in (alice.subscribe_to_dataset, alice.unsubscribe_from_dataset):
    refused("no such device", "ResourceNotFoundException", call, **mine, DatasetName="checked", DeviceId="d" * 20)
    refused("no name of a dataset", "InvalidParameterException", call, **mine, DatasetName="a b", DeviceId=phone)
for call, args in ((root.register_device, register), (root.subscribe_to_dataset, dict(mine, DatasetName="checked", DeviceId=phone)),
                   (root.unsubscribe_from_dataset, dict(mine, DatasetName="checked", DeviceId=phone))):
    refused("for identities only", "NotAuthorizedException", call, "", (403,), **args)
refused("no token", "InvalidParameterException", alice.register_device, **dict(register, Token=""))

# Streams.
settings = dict(StreamName="changes", RoleArn="arn:aws:iam::000000000000:role/stream", StreamingStatus="ENABLED")
refused("nothing to publish to", "InvalidParameterException", root.bulk_publish, IdentityPoolId=POOL)
check("never", root.get_bulk_publish_details(IdentityPoolId=POOL)["BulkPublishStatus"] == "NOT_STARTED")
refused("no such stream", "InvalidParameterException", root.set_identity_pool_configuration, IdentityPoolId=POOL, CognitoStreams=dict(settings, StreamName="other"))
root.set_identity_pool_configuration(IdentityPoolId=POOL, CognitoStreams=settings)
urllib.request.urlopen(env["PROGRAM_URL"] + "/hold").close()
check("published", root.bulk_publish(IdentityPoolId=POOL)["IdentityPoolId"] == POOL)
refused("while it runs", "DuplicateRequestException", root.bulk_publish, IdentityPoolId=POOL)
urllib.request.urlopen(env["PROGRAM_URL"] + "/release").close()
end = time.monotonic() + 60
while root.get_bulk_publish_details(IdentityPoolId=POOL)["BulkPublishStatus"] == "IN_PROGRESS" and time.monotonic() < end:
    time.sleep(0.1)
check("succeeded", root.get_bulk_publish_details(IdentityPoolId=POOL)["BulkPublishStatus"] == "SUCCEEDED")
refused("again within a day", "AlreadyStreamedException", root.bulk_publish, IdentityPoolId=POOL)

# The pool as a whole.
check("usage of the pool", root.describe_identity_pool_usage(IdentityPoolId=POOL)["IdentityPoolUsage"]["IdentityPoolId"] == POOL)
check("usage of all", POOL in [u["IdentityPoolId"] for u in root.list_identity_pool_usage()["IdentityPoolUsages"]])
refused("a page of nothing", "InvalidParameterException", root.list_identity_pool_usage, MaxResults=-1)
pooled = [(c, operation, more) for operation, more in {
    "bulk_publish": {}, "get_bulk_publish_details": {}, "get_cognito_events": {}, "set_cognito_events": {"Events": {}}, "get_identity_pool_configuration": {},
    "set_identity_pool_configuration": {}, "describe_identity_pool_usage": {}}.items() for c in (alice,)]
for c, operation, more in pooled:
    refused(f"{operation} by an identity", "NotAuthorizedException", getattr(c, operation), "", (403,), IdentityPoolId=POOL, **more)
    refused(f"{operation} of no pool", "ResourceNotFoundException", getattr(root, operation), "", (404,), IdentityPoolId=NOBODY, **more)
    refused(f"{operation} of no form of an id", "InvalidParameterException", getattr(root, operation), IdentityPoolId="x" * 60, **more)
refused("list_identity_pool_usage by an identity", "NotAuthorizedException", alice.list_identity_pool_usage)
refused("an identity of another pool", "ResourceNotFoundException|NotAuthorizedException", alice.register_device, **dict(register, IdentityId=NOBODY))
ledger.settle()
done()
