"""boto3 against one server: each operation of IAM and each error that it declares."""
import json
import os
import urllib.request

import boto3
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import checks
from checks import check, done
from ledger import Ledger

env = os.environ
ledger = Ledger("iam")
iam = ledger.watch(boto3.client("iam"))
account = boto3.client("sts").get_caller_identity()["Account"]


def refused(code, text, operation, **args):
    """The call must fail with a code and, where text is given, that message."""
    got = checks.refused(operation, code, getattr(iam, operation), **args)
    check(f"{operation}: {got}", text in ("", got))


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, separators=(",", ":"))


def wide(size):
    """A policy of that many characters."""
    fill = document({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::"})
    return fill.replace(":::", ":::" + "x" * (size - len(fill)))


trust = document({"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"})
wide_trust = trust.replace('{"Effect"', '{"Sid":"%s","Effect"' % ("x" * 2048))
reading = document({"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::a b/*"})
aws = "arn:aws:iam::aws:policy/"
own = f"arn:aws:iam::{account}:policy/"
fine, service_only = aws + "IAMFullAccess", aws + "aws-service-role/AmazonCognitoIdpServiceRolePolicy"
bad, bad_text = "arn:aws:iam::nonsense:thing", "ARN arn:aws:iam::nonsense:thing is not valid."
full = [{"Key": f"t{i}", "Value": ""} for i in range(50)]
more, twice = [{"Key": "one", "Value": "more"}], [{"Key": "a", "Value": "b"}, {"Key": "A", "Value": "c"}]
pool = boto3.client("cognito-idp").create_user_pool(PoolName="iam")["UserPool"]["Id"]
metadata = urllib.request.urlopen(f"{env['POOLHOUSE_URL']}/{pool}/saml/metadata").read().decode()
prints = ["0123456789abcdef0123456789abcdef01234567"]


def private_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def pages(operation, key, **args):
    return [x for page in iam.get_paginator(operation).paginate(PaginationConfig={"PageSize": 1}, **args) for x in page.get(key, [])]


# Each operation, with what the refusals below need.
role = iam.create_role(RoleName="target", Path="/x/", AssumeRolePolicyDocument=trust, Description="d", MaxSessionDuration=7200, Tags=full)["Role"]
check("role", role["Arn"] == f"arn:aws:iam::{account}:role/x/target" and role["AssumeRolePolicyDocument"] == json.loads(trust))
iam.update_role(RoleName="target", Description="e", MaxSessionDuration=3600)
check("description", iam.update_role_description(RoleName="target", Description="f")["Role"]["Description"] == "f")
iam.update_assume_role_policy(RoleName="target", PolicyDocument=trust)
iam.untag_role(RoleName="target", TagKeys=["T0"])
iam.tag_role(RoleName="target", Tags=[{"Key": "T0", "Value": "z"}])
check("tags of a role", len(pages("list_role_tags", "Tags", RoleName="target")) == 50)
iam.put_role_permissions_boundary(RoleName="target", PermissionsBoundary=fine)
check("boundary", iam.get_role(RoleName="TARGET")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == fine)
iam.delete_role_permissions_boundary(RoleName="target")
check("roles", [r["RoleName"] for r in pages("list_roles", "Roles", PathPrefix="/x/")] == ["target"])
check("profiles", pages("list_instance_profiles_for_role", "InstanceProfiles", RoleName="target") == [])
iam.put_role_policy(RoleName="target", PolicyName="in", PolicyDocument=reading)
check("inline", iam.get_role_policy(RoleName="target", PolicyName="in")["PolicyDocument"] == json.loads(reading))
check("inline names", pages("list_role_policies", "PolicyNames", RoleName="target") == ["in"])
iam.delete_role_policy(RoleName="target", PolicyName="in")
linked = iam.create_service_linked_role(AWSServiceName="cognito-idp.amazonaws.com")["Role"]["RoleName"]
mail = iam.create_service_linked_role(AWSServiceName="email.cognito-idp.amazonaws.com")["Role"]["RoleName"]
task = iam.delete_service_linked_role(RoleName=mail)["DeletionTaskId"]
check("deletion", iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED")
iam.create_role(RoleName="short", AssumeRolePolicyDocument=trust)
iam.delete_role(RoleName="short")

check("user", iam.create_user(UserName="target", Path="/x/", Tags=full)["User"]["Arn"].endswith(":user/x/target"))
iam.create_user(UserName="first")
iam.update_user(UserName="first", NewUserName="second", NewPath="/y/")
check("renamed", iam.get_user(UserName="second")["User"]["Arn"].endswith(":user/y/second"))
check("users", [u["UserName"] for u in pages("list_users", "Users", PathPrefix="/y/")] == ["second"])
iam.untag_user(UserName="target", TagKeys=["t1"])
iam.tag_user(UserName="target", Tags=[{"Key": "t1", "Value": ""}])
check("tags of a user", len(pages("list_user_tags", "Tags", UserName="target")) == 50)
iam.put_user_permissions_boundary(UserName="target", PermissionsBoundary=fine)
iam.delete_user_permissions_boundary(UserName="target")
iam.put_user_policy(UserName="target", PolicyName="in", PolicyDocument=reading)
check("inline of a user", iam.get_user_policy(UserName="target", PolicyName="in")["PolicyDocument"] == json.loads(reading))
check("inline names of a user", pages("list_user_policies", "PolicyNames", UserName="target") == ["in"])
iam.delete_user_policy(UserName="target", PolicyName="in")
keys = [iam.create_access_key(UserName="target")["AccessKey"] for _ in range(2)]
check("keys", [k["AccessKeyId"] for k in pages("list_access_keys", "AccessKeyMetadata", UserName="target")] == [k["AccessKeyId"] for k in keys])
check("never used", iam.get_access_key_last_used(AccessKeyId=keys[0]["AccessKeyId"])["AccessKeyLastUsed"]["ServiceName"] == "N/A")
boto3.client("sts", aws_access_key_id=keys[0]["AccessKeyId"], aws_secret_access_key=keys[0]["SecretAccessKey"]).get_caller_identity()
check("used", iam.get_access_key_last_used(AccessKeyId=keys[0]["AccessKeyId"])["AccessKeyLastUsed"]["ServiceName"] == "sts")
iam.update_access_key(UserName="target", AccessKeyId=keys[0]["AccessKeyId"], Status="Inactive")
iam.create_access_key(UserName="second")
for k in pages("list_access_keys", "AccessKeyMetadata", UserName="second"):
    iam.delete_access_key(UserName="second", AccessKeyId=k["AccessKeyId"])
for operation in ("list_groups_for_user", "list_ssh_public_keys", "list_mfa_devices", "list_signing_certificates", "list_service_specific_credentials"):
    getattr(iam, operation)(UserName="second")
iam.list_virtual_mfa_devices()
iam.delete_user(UserName="second")

for i in range(10):
    filled = iam.create_policy(PolicyName=f"fill{i}", PolicyDocument=reading)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="target", PolicyArn=filled)
    iam.attach_user_policy(UserName="target", PolicyArn=filled)
check("attached to a role", len(pages("list_attached_role_policies", "AttachedPolicies", RoleName="target")) == 10)
check("attached to a user", len(pages("list_attached_user_policies", "AttachedPolicies", UserName="target")) == 10)
check("entities", iam.list_entities_for_policy(PolicyArn=filled)["PolicyRoles"][0]["RoleName"] == "target")
iam.detach_role_policy(RoleName="target", PolicyArn=filled)
iam.attach_role_policy(RoleName="target", PolicyArn=filled)
iam.detach_user_policy(UserName="target", PolicyArn=filled)
iam.attach_user_policy(UserName="target", PolicyArn=filled)
policy = iam.create_policy(PolicyName="target", PolicyDocument=reading, Tags=full)["Policy"]["Arn"]
for i in range(4):
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=wide(200 + i))
iam.set_default_policy_version(PolicyArn=policy, VersionId="v3")
check("default", iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"] == "v3")
check("version", iam.get_policy_version(PolicyArn=policy, VersionId="v1")["PolicyVersion"]["Document"] == json.loads(reading))
check("versions", [v["VersionId"] for v in pages("list_policy_versions", "Versions", PolicyArn=policy)] == ["v5", "v4", "v3", "v2", "v1"])
iam.delete_policy_version(PolicyArn=policy, VersionId="v1")
iam.create_policy_version(PolicyArn=policy, PolicyDocument=reading)
iam.untag_policy(PolicyArn=policy, TagKeys=["t2"])
iam.tag_policy(PolicyArn=policy, Tags=[{"Key": "t2", "Value": ""}])
check("tags of a policy", len(pages("list_policy_tags", "Tags", PolicyArn=policy)) == 50)
check("policies", len(pages("list_policies", "Policies", Scope="Local")) == 11)
iam.delete_policy(PolicyArn=iam.create_policy(PolicyName="short", PolicyDocument=reading)["Policy"]["Arn"])

clients = [f"c{i}" for i in range(100)]
oidc = iam.create_open_id_connect_provider(Url="https://target.example", ClientIDList=clients, ThumbprintList=prints, Tags=full)["OpenIDConnectProviderArn"]
iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=oidc, ClientID="c0")
iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=oidc, ClientID="c0")
iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=oidc, ThumbprintList=prints)
check("provider", iam.get_open_id_connect_provider(OpenIDConnectProviderArn=oidc)["Url"] == "target.example")
check("providers", iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": oidc}])
iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=oidc, TagKeys=["t3"])
iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=oidc, Tags=[{"Key": "t3", "Value": ""}])
check("tags of a provider", len(iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=oidc)["Tags"]) == 50)
gone_oidc = oidc.replace("target", "ghost")
iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=gone_oidc)
saml = iam.create_saml_provider(Name="target", SAMLMetadataDocument=metadata, AddPrivateKey=private_key(), AssertionEncryptionMode="Required", Tags=full)["SAMLProviderArn"]
iam.update_saml_provider(SAMLProviderArn=saml, AddPrivateKey=private_key())
check("SAML provider", len(iam.get_saml_provider(SAMLProviderArn=saml)["PrivateKeyList"]) == 2)
check("SAML providers", iam.list_saml_providers()["SAMLProviderList"][0]["Arn"] == saml)
iam.untag_saml_provider(SAMLProviderArn=saml, TagKeys=["t4"])
iam.tag_saml_provider(SAMLProviderArn=saml, Tags=[{"Key": "t4", "Value": ""}])
check("tags of a SAML provider", len(iam.list_saml_provider_tags(SAMLProviderArn=saml)["Tags"]) == 50)
iam.delete_saml_provider(SAMLProviderArn=iam.create_saml_provider(Name="short", SAMLMetadataDocument=metadata)["SAMLProviderArn"])
gone_saml = saml.replace("target", "ghost")

# Each error. What stands for who or what there is none of:
nobody = "The user with name ghost cannot be found."
no_role = "The role with name ghost cannot be found."
gone, gone_text = own + "ghost", f"Policy {own}ghost was not found."
unattachable = f"Policy {gone} does not exist or is not attachable."
protected = f"Cannot perform the operation on the protected role '{linked}' - this role is only modifiable by AWS"
many = "The number of tags has reached the maximum limit."
dup = "Duplicate tag keys found. Please note that Tag keys are case insensitive."

for operation, args in {
    "get_role": {}, "update_role": {}, "update_role_description": {"Description": ""}, "update_assume_role_policy": {"PolicyDocument": trust},
    "tag_role": {"Tags": more}, "untag_role": {"TagKeys": ["a"]}, "list_role_tags": {}, "delete_role": {}, "list_instance_profiles_for_role": {},
    "attach_role_policy": {"PolicyArn": fine}, "detach_role_policy": {"PolicyArn": fine}, "list_attached_role_policies": {},
    "put_role_policy": {"PolicyName": "p", "PolicyDocument": reading}, "get_role_policy": {"PolicyName": "p"}, "list_role_policies": {},
    "delete_role_policy": {"PolicyName": "p"}, "put_role_permissions_boundary": {"PermissionsBoundary": fine}, "delete_role_permissions_boundary": {},
    "delete_service_linked_role": {},
}.items():
    refused("NoSuchEntity", no_role, operation, RoleName="ghost", **args)
for operation, args in {
    "update_role": {"MaxSessionDuration": 7200}, "update_assume_role_policy": {"PolicyDocument": trust}, "delete_role": {},
    "attach_role_policy": {"PolicyArn": fine}, "detach_role_policy": {"PolicyArn": service_only}, "delete_role_policy": {"PolicyName": "p"},
    "put_role_policy": {"PolicyName": "p", "PolicyDocument": reading}, "put_role_permissions_boundary": {"PermissionsBoundary": fine},
    "delete_role_permissions_boundary": {},
}.items():
    refused("UnmodifiableEntity", protected, operation, RoleName=linked, **args)
for operation, args in {
    "get_user": {}, "update_user": {}, "tag_user": {"Tags": more}, "untag_user": {"TagKeys": ["a"]}, "list_user_tags": {}, "delete_user": {},
    "list_groups_for_user": {}, "list_ssh_public_keys": {}, "list_mfa_devices": {}, "list_signing_certificates": {},
    "list_service_specific_credentials": {}, "delete_login_profile": {}, "attach_user_policy": {"PolicyArn": fine},
    "detach_user_policy": {"PolicyArn": fine}, "list_attached_user_policies": {}, "put_user_policy": {"PolicyName": "p", "PolicyDocument": reading},
    "get_user_policy": {"PolicyName": "p"}, "list_user_policies": {}, "delete_user_policy": {"PolicyName": "p"},
    "put_user_permissions_boundary": {"PermissionsBoundary": fine}, "delete_user_permissions_boundary": {}, "create_access_key": {},
    "list_access_keys": {}, "update_access_key": {"AccessKeyId": "AKIA" + "A" * 16, "Status": "Active"}, "delete_access_key": {"AccessKeyId": "AKIA" + "A" * 16},
}.items():
    refused("NoSuchEntity", nobody, operation, UserName="ghost", **args)
for operation, args in {
    "get_policy": {}, "create_policy_version": {"PolicyDocument": reading}, "get_policy_version": {"VersionId": "v1"}, "list_policy_versions": {},
    "set_default_policy_version": {"VersionId": "v1"}, "delete_policy_version": {"VersionId": "v1"}, "tag_policy": {"Tags": more},
    "untag_policy": {"TagKeys": ["a"]}, "list_policy_tags": {}, "list_entities_for_policy": {}, "delete_policy": {},
}.items():
    refused("NoSuchEntity", gone_text, operation, PolicyArn=gone, **args)
    refused("InvalidInput", bad_text, operation, PolicyArn=bad, **args)
for operation, args in {
    "get_open_id_connect_provider": {}, "add_client_id_to_open_id_connect_provider": {"ClientID": "x"},
    "remove_client_id_from_open_id_connect_provider": {"ClientID": "x"}, "update_open_id_connect_provider_thumbprint": {"ThumbprintList": prints},
    "tag_open_id_connect_provider": {"Tags": more}, "untag_open_id_connect_provider": {"TagKeys": ["a"]}, "list_open_id_connect_provider_tags": {},
}.items():
    refused("NoSuchEntity", f"OpenIDConnect Provider not found for arn {gone_oidc}", operation, OpenIDConnectProviderArn=gone_oidc, **args)
    refused("InvalidInput", bad_text, operation, OpenIDConnectProviderArn=bad, **args)
refused("InvalidInput", bad_text, "delete_open_id_connect_provider", OpenIDConnectProviderArn=bad)
for operation, args in {
    "get_saml_provider": {}, "update_saml_provider": {"SAMLMetadataDocument": metadata}, "tag_saml_provider": {"Tags": more},
    "untag_saml_provider": {"TagKeys": ["a"]}, "list_saml_provider_tags": {}, "delete_saml_provider": {},
}.items():
    refused("NoSuchEntity", f"Manifest not found for arn {gone_saml}", operation, SAMLProviderArn=gone_saml, **args)
    refused("InvalidInput", bad_text, operation, SAMLProviderArn=bad, **args)
for operation, args in {
    "tag_role": {"RoleName": "target"}, "tag_user": {"UserName": "target"}, "tag_policy": {"PolicyArn": policy},
    "tag_open_id_connect_provider": {"OpenIDConnectProviderArn": oidc}, "tag_saml_provider": {"SAMLProviderArn": saml},
}.items():
    refused("LimitExceeded", many, operation, Tags=more, **args)
    refused("InvalidInput", dup, operation, Tags=twice, **args)
for operation, args in {"attach_role_policy": {"RoleName": "target"}, "attach_user_policy": {"UserName": "target"}}.items():
    refused("NoSuchEntity", unattachable, operation, PolicyArn=gone, **args)
    refused("InvalidInput", bad_text, operation, PolicyArn=bad, **args)
    refused("PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role.", operation, PolicyArn=service_only, **args)
    refused("LimitExceeded", f"Cannot exceed quota for PoliciesPer{list(args)[0][:4]}: 10", operation, PolicyArn=fine, **args)
    refused("InvalidInput", bad_text, operation.replace("attach", "detach"), PolicyArn=bad, **args)
for operation, args in {"put_role_permissions_boundary": {"RoleName": "target"}, "put_user_permissions_boundary": {"UserName": "target"}}.items():
    refused("NoSuchEntity", f"Scope ARN: {gone} does not exist or is not attachable.", operation, PermissionsBoundary=gone, **args)
    refused("InvalidInput", bad_text, operation, PermissionsBoundary=bad, **args)
    refused("PolicyNotAttachable", "", operation, PermissionsBoundary=service_only, **args)
for operation, args, most in (("put_role_policy", {"RoleName": "target"}, 10240), ("put_user_policy", {"UserName": "target"}, 2048)):
    refused("MalformedPolicyDocument", "Syntax errors in policy.", operation, PolicyName="p", PolicyDocument="{", **args)
    refused("LimitExceeded", f"Maximum policy size of {most} bytes exceeded for {list(args)[0][:4].lower()} target", operation,
            PolicyName="p", PolicyDocument=wide(most + 1), **args)

refused("EntityAlreadyExists", "Role with name Target already exists.", "create_role", RoleName="Target", AssumeRolePolicyDocument=trust)
refused("MalformedPolicyDocument", "", "create_role", RoleName="ghost", AssumeRolePolicyDocument="{")
refused("InvalidInput", dup, "create_role", RoleName="ghost", AssumeRolePolicyDocument=trust, Tags=twice)
refused("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", "create_role", RoleName="ghost", AssumeRolePolicyDocument=wide_trust)
refused("MalformedPolicyDocument", "", "update_assume_role_policy", RoleName="target", PolicyDocument="{")
refused("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", "update_assume_role_policy", RoleName="target", PolicyDocument=wide_trust)
refused("DeleteConflict", "Cannot delete entity, must detach all policies first.", "delete_role", RoleName="target")
refused("InvalidInput", f"Service role name {linked} has been taken in this account, please try a different suffix.", "create_service_linked_role", AWSServiceName="cognito-idp.amazonaws.com")
refused("InvalidInput", "", "get_service_linked_role_deletion_status", DeletionTaskId="x")
refused("NoSuchEntity", "", "get_service_linked_role_deletion_status", DeletionTaskId="task/aws-service-role/a/b/c")
refused("EntityAlreadyExists", "User with name Target already exists.", "create_user", UserName="Target")
refused("InvalidInput", dup, "create_user", UserName="ghost", Tags=twice)
refused("NoSuchEntity", f"Scope ARN: {gone} does not exist or is not attachable.", "create_user", UserName="ghost", PermissionsBoundary=gone)
iam.create_user(UserName="neighbour")
refused("EntityAlreadyExists", "User with name TARGET already exists.", "update_user", UserName="neighbour", NewUserName="TARGET")
refused("DeleteConflict", "Cannot delete entity, must delete access keys first.", "delete_user", UserName="target")
refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", "create_access_key", UserName="target")
refused("InvalidInput", "", "update_access_key", UserName="target", AccessKeyId=keys[0]["AccessKeyId"], Status="Expired")
refused("AccessDenied", "", "get_access_key_last_used", AccessKeyId="AKIA" + "A" * 16)
refused("EntityAlreadyExists", "A policy called Target already exists. Duplicate names are not allowed.", "create_policy", PolicyName="Target", PolicyDocument=reading)
refused("InvalidInput", dup, "create_policy", PolicyName="ghost", PolicyDocument=reading, Tags=twice)
refused("MalformedPolicyDocument", "Syntax errors in policy.", "create_policy", PolicyName="ghost", PolicyDocument="{")
refused("LimitExceeded", "Cannot exceed quota for PolicySize: 6144", "create_policy", PolicyName="ghost", PolicyDocument=wide(6145))
refused("MalformedPolicyDocument", "Syntax errors in policy.", "create_policy_version", PolicyArn=policy, PolicyDocument="{")
refused("LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
        "create_policy_version", PolicyArn=policy, PolicyDocument=reading)
refused("DeleteConflict", "Cannot delete the default version of a policy.", "delete_policy_version", PolicyArn=policy, VersionId="v3")
refused("DeleteConflict", "Cannot delete a policy attached to entities.", "delete_policy", PolicyArn=filled)
refused("EntityAlreadyExists", "Provider with url https://target.example already exists.", "create_open_id_connect_provider", Url="https://target.example", ThumbprintList=prints)
refused("InvalidInput", "Invalid Open ID Connect Provider URL", "create_open_id_connect_provider", Url="ftp://b.example", ThumbprintList=prints)
refused("LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100", "create_open_id_connect_provider", Url="https://b.example",
        ClientIDList=clients + ["x"], ThumbprintList=prints)
refused("OpenIdIdpCommunicationError", "", "create_open_id_connect_provider", Url="https://127.0.0.1:1/b")
refused("LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100", "add_client_id_to_open_id_connect_provider", OpenIDConnectProviderArn=oidc, ClientID="x")
refused("EntityAlreadyExists", "SAMLProvider with name Target already exists.", "create_saml_provider", Name="Target", SAMLMetadataDocument=metadata)
refused("InvalidInput", "Could not parse metadata", "create_saml_provider", Name="ghost", SAMLMetadataDocument="<x>" + " " * 1000 + "</x>")
refused("LimitExceeded", "Cannot exceed quota for PrivateKeysPerSAMLProvider: 2", "update_saml_provider", SAMLProviderArn=saml, AddPrivateKey=private_key())

for operation, key in (("simulate_custom_policy", {"PolicyInputList": [reading]}), ("simulate_principal_policy", {"PolicySourceArn": role["Arn"]})):
    check(operation, [r["EvalDecision"] for r in pages(operation, "EvaluationResults", ActionNames=["s3:PutObject", "iam:PassRole"], **key)] == ["implicitDeny"] * 2)
    refused("InvalidInput", "", operation, ActionNames=["s3:PutObject"], ResourceArns=["bucket"], **key)
iam.get_context_keys_for_custom_policy(PolicyInputList=[reading])
iam.get_context_keys_for_principal_policy(PolicySourceArn=role["Arn"])
refused("InvalidInput", "", "get_context_keys_for_custom_policy", PolicyInputList=["{"])
refused("InvalidInput", "", "get_context_keys_for_principal_policy", PolicySourceArn="arn:aws:s3:::bucket/of/somebody")
for operation, args in {"simulate_principal_policy": {"ActionNames": ["s3:PutObject"]}, "get_context_keys_for_principal_policy": {}}.items():
    refused("NoSuchEntity", "", operation, PolicySourceArn=f"arn:aws:iam::{account}:role/ghost", **args)
ledger.settle()
done()
