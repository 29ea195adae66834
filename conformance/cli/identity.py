"""boto3 against one server: the 23 operations of identity pools, and what they refuse."""
import base64
import functools
import json
import os

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

import checks
from checks import check, done
from ledger import Ledger

env = os.environ
ledger = Ledger("cognito-identity")
NOBODY = "us-east-1:00000000-0000-4000-8000-000000000000"
BACKEND = "login.example"
quick = Config(retries={"total_max_attempts": 1})
refused = functools.partial(checks.refused, status=(400,))


admin = boto3.client("cognito-identity", config=quick)
app = boto3.client("cognito-identity", config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}))
ledger.watch(admin, app)
iam = boto3.client("iam")
provider = "cognito-idp." + env["AWS_REGION"] + ".amazonaws.com/" + env["POOLHOUSE_POOL_ID"]
own = [{"ProviderName": provider, "ClientId": env["POOLHOUSE_CLIENT_ID"], "ServerSideTokenCheck": True}]


def sign_in(user):
    idp = boto3.client("cognito-idp", config=Config(signature_version=UNSIGNED))
    return idp.initiate_auth(AuthFlow="USER_PASSWORD_AUTH", ClientId=env["POOLHOUSE_CLIENT_ID"],
        AuthParameters={"USERNAME": env["POOLHOUSE_USERNAME" + user], "PASSWORD": env["POOLHOUSE_PASSWORD" + user]})["AuthenticationResult"]


def role(name, pool, amr, statement):
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"], "Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": pool},
        "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": amr}}}]}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return arn


def clients(out):
    c = out["Credentials"]
    return dict(aws_access_key_id=c["AccessKeyId"], aws_secret_access_key=c["SecretKey"], aws_session_token=c["SessionToken"], config=quick)


# Pools.
settings = dict(IdentityPoolName="boto", AllowUnauthenticatedIdentities=True, DeveloperProviderName=BACKEND, CognitoIdentityProviders=own)
pool = admin.create_identity_pool(**settings, IdentityPoolTags={"a": "b"})
pid, arn = pool["IdentityPoolId"], "arn:aws:cognito-identity:us-east-1:000000000000:identitypool/" + pool["IdentityPoolId"]
check("described as made", admin.describe_identity_pool(IdentityPoolId=pid)["DeveloperProviderName"] == BACKEND)
updated = admin.update_identity_pool(IdentityPoolId=pid, **settings)
check("an update resets what it leaves out", "IdentityPoolTags" not in updated)
check("listed", pid in [p["IdentityPoolId"] for p in admin.list_identity_pools(MaxResults=60)["IdentityPools"]])
spare = admin.create_identity_pool(IdentityPoolName="spare", AllowUnauthenticatedIdentities=False)["IdentityPoolId"]
admin.delete_identity_pool(IdentityPoolId=spare)
refused("a pool that is gone", "ResourceNotFoundException", admin.describe_identity_pool, IdentityPoolId=spare)
refused("a name with a slash", "InvalidParameterException", admin.create_identity_pool, IdentityPoolName="a/b", AllowUnauthenticatedIdentities=False)
refused("51 providers", "LimitExceededException", admin.create_identity_pool, IdentityPoolName="many", AllowUnauthenticatedIdentities=False,
        CognitoIdentityProviders=[dict(own[0], ClientId=f"client{n}") for n in range(51)])
admin.tag_resource(ResourceArn=arn, Tags={"team": "red", "x": "y"})
admin.untag_resource(ResourceArn=arn, TagKeys=["x"])
check("tags", admin.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"team": "red"})
refused("tags of another resource", "InvalidParameterException", admin.list_tags_for_resource, ResourceArn="arn:aws:s3:::somewhere/else")

# Roles and tags of principals.
user_role = role("BotoUser", pid, "authenticated", {"Effect": "Allow", "Action": "cognito-idp:ListUserPools", "Resource": "*",
                 "Condition": {"StringEquals": {"aws:PrincipalTag/mail": env["POOLHOUSE_EMAIL"]}}})
guest_role = role("BotoGuest", pid, "unauthenticated", {"Effect": "Allow", "Action": ["iam:*", "cognito-idp:ListUserPools"], "Resource": "*"})
refused("no roles yet", "InvalidIdentityPoolConfigurationException", app.get_credentials_for_identity, IdentityId=app.get_id(IdentityPoolId=pid)["IdentityId"])
admin.set_identity_pool_roles(IdentityPoolId=pid, Roles={"authenticated": user_role, "unauthenticated": guest_role})
check("roles", admin.get_identity_pool_roles(IdentityPoolId=pid)["Roles"]["authenticated"] == user_role)
admin.set_principal_tag_attribute_map(IdentityPoolId=pid, IdentityProviderName=provider, UseDefaults=False, PrincipalTags={"mail": "email"})
check("tags of principals", admin.get_principal_tag_attribute_map(IdentityPoolId=pid, IdentityProviderName=provider)["PrincipalTags"] == {"mail": "email"})
refused("a provider that is not there", "InvalidParameterException", admin.get_principal_tag_attribute_map, IdentityPoolId=pid, IdentityProviderName="elsewhere.example")

# Users of the user pool.
alice, bob = sign_in(""), sign_in("2")
logins = {provider: alice["IdToken"]}
aid = app.get_id(IdentityPoolId=pid, Logins=logins)["IdentityId"]
check("the same identity again", app.get_id(IdentityPoolId=pid, Logins=logins)["IdentityId"] == aid)
mine = clients(app.get_credentials_for_identity(IdentityId=aid, Logins=logins))
check("allowed by a tag of the token's claim", "UserPools" in boto3.client("cognito-idp", **mine).list_user_pools(MaxResults=1))
bid = app.get_id(IdentityPoolId=pid, Logins={provider: bob["IdToken"]})["IdentityId"]
theirs = clients(app.get_credentials_for_identity(IdentityId=bid, Logins={provider: bob["IdToken"]}))
refused("another's claim", "AccessDeniedException", boto3.client("cognito-idp", **theirs).list_user_pools, MaxResults=1)
token = app.get_open_id_token(IdentityId=aid, Logins=logins)["Token"]
web = boto3.client("sts", config=Config(signature_version=UNSIGNED)).assume_role_with_web_identity(RoleArn=user_role, RoleSessionName="classic", WebIdentityToken=token)
check("basic flow", web["SubjectFromWebIdentityToken"] == aid)
head, body, signature = alice["IdToken"].split(".")
for name, bad in {"junk": "junk", "alg=none": "eyJhbGciOiJub25lIn0." + body + ".", "changed": head + "." + body + "." + signature[::-1],
                  "access token": alice["AccessToken"]}.items():
    refused(name, "NotAuthorizedException", app.get_id, IdentityPoolId=pid, Logins={provider: bad})
    refused(name + ", for credentials", "NotAuthorizedException", app.get_credentials_for_identity, IdentityId=aid, Logins={provider: bad})
refused("another's identity", "NotAuthorizedException", app.get_credentials_for_identity, IdentityId=bid, Logins=logins)
refused("an identity that is not there", "ResourceNotFoundException", app.get_credentials_for_identity, IdentityId=NOBODY)
refused("a role that nothing offers", "NotAuthorizedException", app.get_credentials_for_identity, IdentityId=aid, Logins=logins, CustomRoleArn=guest_role)

# Guests.
guest = app.get_id(IdentityPoolId=pid)["IdentityId"]
scoped = clients(app.get_credentials_for_identity(IdentityId=guest))
check("a guest's service", "UserPools" in boto3.client("cognito-idp", **scoped).list_user_pools(MaxResults=1))
try:
    boto3.client("iam", **scoped).list_roles()
    check("a service that guests don't have", False)
except ClientError as e:
    check("a service that guests don't have", e.response["Error"]["Code"] == "AccessDenied")
check("described", "Logins" not in admin.describe_identity(IdentityId=guest) or not admin.describe_identity(IdentityId=guest)["Logins"])
check("identities are listed", guest in [i["IdentityId"] for i in admin.list_identities(IdentityPoolId=pid, MaxResults=60, HideDisabled=True)["Identities"]])
check("deleted", admin.delete_identities(IdentityIdsToDelete=[guest])["UnprocessedIdentityIds"] == [])
refused("deleted", "ResourceNotFoundException", admin.describe_identity, IdentityId=guest)

# Users of the app's own backend.
def backend(user, **args):
    return admin.get_open_id_token_for_developer_identity(IdentityPoolId=pid, Logins={BACKEND: user}, **args)


one, two = backend("one", PrincipalTags={"mail": env["POOLHOUSE_EMAIL"]}), backend("two")
login = {"cognito-identity.amazonaws.com": one["Token"]}
tagged = clients(app.get_credentials_for_identity(IdentityId=one["IdentityId"], Logins=login))
check("the backend's tag", "UserPools" in boto3.client("cognito-idp", **tagged).list_user_pools(MaxResults=1))
refused("a token of another identity", "NotAuthorizedException", app.get_credentials_for_identity, IdentityId=two["IdentityId"], Logins=login)
refused("a user of another identity", "DeveloperUserAlreadyRegisteredException", backend, user="one", IdentityId=two["IdentityId"])
refused("a bad login beside the user", "NotAuthorizedException", admin.get_open_id_token_for_developer_identity, IdentityPoolId=pid, Logins={BACKEND: "one", provider: "junk"})
check("looked up", admin.lookup_developer_identity(IdentityPoolId=pid, DeveloperUserIdentifier="one")["IdentityId"] == one["IdentityId"])
refused("a user and another identity", "ResourceConflictException", admin.lookup_developer_identity, IdentityPoolId=pid, IdentityId=two["IdentityId"], DeveloperUserIdentifier="one")
merged = admin.merge_developer_identities(IdentityPoolId=pid, DeveloperProviderName=BACKEND, SourceUserIdentifier="one", DestinationUserIdentifier="two")
check("merged into the destination", merged["IdentityId"] == two["IdentityId"])
refused("the token of the one that was merged away", "NotAuthorizedException", app.get_credentials_for_identity, IdentityId=one["IdentityId"], Logins=login)
refused("a user who is not there", "ResourceNotFoundException", admin.merge_developer_identities, IdentityPoolId=pid, DeveloperProviderName=BACKEND,
        SourceUserIdentifier="nobody", DestinationUserIdentifier="two")
admin.unlink_developer_identity(IdentityPoolId=pid, IdentityId=two["IdentityId"], DeveloperProviderName=BACKEND, DeveloperUserIdentifier="one")
refused("unlinked twice", "ResourceNotFoundException", admin.unlink_developer_identity, IdentityPoolId=pid, IdentityId=two["IdentityId"],
        DeveloperProviderName=BACKEND, DeveloperUserIdentifier="one")

refused("unlinking with another's login", "NotAuthorizedException", app.unlink_identity, IdentityId=aid, Logins={provider: bob["IdToken"]}, LoginsToRemove=[provider])
app.unlink_identity(IdentityId=aid, Logins=logins, LoginsToRemove=[provider])
check("a new identity after that", app.get_id(IdentityPoolId=pid, Logins=logins)["IdentityId"] != aid)


# Each error that is left of those that an operation declares.
none, odd = dict(IdentityPoolId=NOBODY), dict(IdentityPoolId="not an id")
for call, args in ((admin.describe_identity_pool, {}), (admin.update_identity_pool, {"IdentityPoolName": "x", "AllowUnauthenticatedIdentities": False}), (admin.delete_identity_pool, {}),
                   (admin.list_identities, {"MaxResults": 1}), (admin.get_identity_pool_roles, {}), (admin.set_identity_pool_roles, {"Roles": {}}),
                   (admin.set_principal_tag_attribute_map, {"IdentityProviderName": provider}), (admin.get_principal_tag_attribute_map, {"IdentityProviderName": provider}),
                   (admin.lookup_developer_identity, {"DeveloperUserIdentifier": "x"}), (admin.get_open_id_token_for_developer_identity, {"Logins": {BACKEND: "x"}}),
                   (admin.merge_developer_identities, {"DeveloperProviderName": BACKEND, "SourceUserIdentifier": "x", "DestinationUserIdentifier": "y"}), (app.get_id, {})):
    refused(call.__name__, "ResourceNotFoundException", call, **none, **args)
    refused(call.__name__, "InvalidParameterException", call, **odd, **args)
for call, args in ((admin.describe_identity, {}), (app.get_open_id_token, {}), (app.get_credentials_for_identity, {})):
    refused(call.__name__, "ResourceNotFoundException", call, IdentityId=NOBODY, **args)
    refused(call.__name__, "InvalidParameterException", call, IdentityId="not an id", **args)
refused("unlink_identity", "InvalidParameterException", app.unlink_identity, IdentityId="not an id", Logins=logins, LoginsToRemove=[provider])
refused("unlink_developer_identity", "InvalidParameterException", admin.unlink_developer_identity, IdentityPoolId=pid, IdentityId=two["IdentityId"],
        DeveloperProviderName="another", DeveloperUserIdentifier="two")
refused("delete_identities", "InvalidParameterException", admin.delete_identities, IdentityIdsToDelete=[NOBODY] * 61)
refused("list_identity_pools", "InvalidParameterException", admin.list_identity_pools, MaxResults=61)
for code, resource in (("ResourceNotFoundException", arn.replace(pid, NOBODY)), ("InvalidParameterException", "arn:aws:s3:::somewhere/else")):
    refused("tag_resource", code, admin.tag_resource, ResourceArn=resource, Tags={"a": "b"})
    refused("untag_resource", code, admin.untag_resource, ResourceArn=resource, TagKeys=["a"])
    refused("list_tags_for_resource", code, admin.list_tags_for_resource, ResourceArn=resource)
refused("update_identity_pool", "LimitExceededException", admin.update_identity_pool, IdentityPoolId=pid, **dict(settings, CognitoIdentityProviders=[
    dict(own[0], ClientId=f"client{n}") for n in range(51)]))
refused("a changed login", "NotAuthorizedException", app.get_open_id_token, IdentityId=aid, Logins={provider: "junk"})

# Two users of one provider, and a provider that does not answer.
idp = boto3.client("cognito-idp")
second = idp.create_user_pool(PoolName="second")["UserPool"]["Id"]
desk = idp.create_user_pool_client(UserPoolId=second, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])["UserPoolClient"]["ClientId"]


def user(pool, app_client, name):
    """Makes a user and returns their ID token."""
    idp.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
    idp.admin_set_user_password(UserPoolId=pool, Username=name, Password=env["POOLHOUSE_PASSWORD"], Permanent=True)
    return idp.initiate_auth(AuthFlow="USER_PASSWORD_AUTH", ClientId=app_client, AuthParameters={"USERNAME": name, "PASSWORD": env["POOLHOUSE_PASSWORD"]})["AuthenticationResult"]["IdToken"]


seconds = {name: user(second, desk, name) for name in ("ann", "ben", "cid")}
oidc, dark = "cognito-idp." + env["AWS_REGION"] + ".amazonaws.com/" + second, "127.0.0.1:1/silent"
silent = iam.create_open_id_connect_provider(Url="https://" + dark, ClientIDList=["x"], ThumbprintList=["0" * 40])["OpenIDConnectProviderArn"]
admin.update_identity_pool(IdentityPoolId=pid, **dict(settings, CognitoIdentityProviders=own + [{"ProviderName": oidc, "ClientId": desk}]), OpenIdConnectProviderARNs=[silent])


def part(**claims):
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


pair = app.get_id(IdentityPoolId=pid, Logins={provider: alice["IdToken"], oidc: seconds["ann"]})["IdentityId"]
clash = {provider: alice["IdToken"], oidc: seconds["ben"]}
app.get_id(IdentityPoolId=pid, Logins={provider: bob["IdToken"], oidc: seconds["ben"]})
asleep = {dark: head + "." + part(iss="https://" + dark, aud="x", sub="x", exp=4102444800) + "." + signature}
for code, given in (("ResourceConflictException", clash), ("ExternalServiceException", asleep)):
    refused("get_id", code, app.get_id, IdentityPoolId=pid, Logins=given)
    refused("get_open_id_token", code, app.get_open_id_token, IdentityId=pair, Logins=given)
    refused("get_credentials_for_identity", code, app.get_credentials_for_identity, IdentityId=pair, Logins=given)
    refused("unlink_identity", code, app.unlink_identity, IdentityId=pair, Logins=given, LoginsToRemove=list(given))
three, four = backend("three"), backend("four")
admin.get_open_id_token_for_developer_identity(IdentityPoolId=pid, IdentityId=three["IdentityId"], Logins={BACKEND: "three", oidc: seconds["ann"]})
admin.get_open_id_token_for_developer_identity(IdentityPoolId=pid, IdentityId=four["IdentityId"], Logins={BACKEND: "four", oidc: seconds["ben"]})
refused("two users of one provider", "ResourceConflictException", admin.merge_developer_identities, IdentityPoolId=pid, DeveloperProviderName=BACKEND,
        SourceUserIdentifier="three", DestinationUserIdentifier="four")
refused("two users of one provider", "ResourceConflictException", admin.get_open_id_token_for_developer_identity, IdentityPoolId=pid, IdentityId=three["IdentityId"],
        Logins={BACKEND: "three", oidc: seconds["ben"]})
refused("a user of another identity", "ResourceConflictException", admin.unlink_developer_identity, IdentityPoolId=pid, IdentityId=three["IdentityId"],
        DeveloperProviderName=BACKEND, DeveloperUserIdentifier="four")
full = backend("many")["IdentityId"]
for n in range(18):
    admin.get_open_id_token_for_developer_identity(IdentityPoolId=pid, IdentityId=full, Logins={BACKEND: f"many {n}"})
admin.get_open_id_token_for_developer_identity(IdentityPoolId=pid, IdentityId=full, Logins={BACKEND: "many", oidc: seconds["cid"]})
last = user(env["POOLHOUSE_POOL_ID"], env["POOLHOUSE_CLIENT_ID"], "cid")
refused("the 21st login", "LimitExceededException", app.get_id, IdentityPoolId=pid, Logins={oidc: seconds["cid"], provider: last})

# The ceiling of what needs no signature, last: the address is full afterwards.
guest = app.get_id(IdentityPoolId=pid)["IdentityId"]
app.meta.events.unregister("after-call.cognito-identity", ledger.note)


def spent():
    try:
        app.unlink_identity(IdentityId=guest, Logins={provider: "junk"}, LoginsToRemove=["x"])
    except ClientError as e:
        return e.response["Error"]["Code"] == "TooManyRequestsException"


def met():
    """Whether all four operations meet the ceiling now. Windows begin by the clock."""
    for _ in range(2000):
        if spent():
            break
    ledger.watch(app)
    try:
        for call, args in ((app.get_id, {"IdentityPoolId": pid}), (app.get_open_id_token, {"IdentityId": guest}), (app.get_credentials_for_identity, {"IdentityId": guest}),
                           (app.unlink_identity, {"IdentityId": guest, "Logins": {provider: "junk"}, "LoginsToRemove": ["x"]})):
            try:
                call(**args)
                return False
            except ClientError as e:
                if e.response["Error"]["Code"] != "TooManyRequestsException":
                    return False
                checks.asked.setdefault(e.operation_name, set()).add("TooManyRequestsException")
        return True
    finally:
        app.meta.events.unregister("after-call.cognito-identity", ledger.note)


check("a ceiling", any(met() for _ in range(10)))
ledger.settle()
done()
