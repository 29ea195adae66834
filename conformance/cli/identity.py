"""boto3 against one server: the 23 operations of identity pools, and what they refuse."""
import functools
import json
import os

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

import checks
from checks import check, done

env = os.environ
worked = set()
NOBODY = "us-east-1:00000000-0000-4000-8000-000000000000"
BACKEND = "login.example"
quick = Config(retries={"total_max_attempts": 1})
refused = functools.partial(checks.refused, status=(400,))


def note(parsed, model, **_):
    worked.add(model.name) if "Error" not in parsed else None


admin = boto3.client("cognito-identity", config=quick)
app = boto3.client("cognito-identity", config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}))
for client in (admin, app):
    client.meta.events.register("after-call.cognito-identity", note)
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

missing = set(admin.meta.service_model.operation_names) - worked
check("all operations worked: " + (" ".join(sorted(missing)) or "23"), not missing and len(worked) == 23)
done()
