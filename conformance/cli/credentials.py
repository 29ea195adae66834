"""boto3 against one server: every operation of STS, and signatures of SigV4A by AWS's common runtime."""
import base64
import hashlib
import hmac
import json
import os
import struct
import time
import urllib.request

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config

from checks import check, done, refused

env = os.environ


def keys(c):
    return dict(aws_access_key_id=c["AccessKeyId"], aws_secret_access_key=c["SecretAccessKey"], aws_session_token=c.get("SessionToken"))


def client(service, c, **config):
    return boto3.client(service, config=Config(retries={"max_attempts": 1}, **config), **keys(c))


def poolhouse(operation, **request):
    """Calls the server's own service, of which no SDK has a model."""
    r = AWSRequest("POST", env["AWS_ENDPOINT_URL"] + "/", data=json.dumps(request),
                   headers={"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Poolhouse." + operation})
    SigV4Auth(boto3.Session().get_credentials(), "poolhouse", env["AWS_REGION"]).add_auth(r)
    with urllib.request.urlopen(urllib.request.Request(r.url, r.body.encode() if isinstance(r.body, str) else r.body, dict(r.headers))) as answer:
        return json.load(answer)


def code(secret, steps):
    """The one-time password of RFC 6238, steps from now."""
    mac = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30 + steps), hashlib.sha1).digest()
    offset = mac[-1] & 15
    return "%06d" % ((struct.unpack(">I", mac[offset:offset + 4])[0] & 0x7FFFFFFF) % 1000000)


anything = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
root, iam = boto3.client("sts"), boto3.client("iam")
account = root.get_caller_identity()["Account"]
iam.create_user(UserName="py")
iam.put_user_policy(UserName="py", PolicyName="all", PolicyDocument=anything)
user_key = iam.create_access_key(UserName="py")["AccessKey"]
user = client("sts", user_key)
role = iam.create_role(RoleName="py-role", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:*"}}')["Role"]["Arn"]
iam.put_role_policy(RoleName="py-role", PolicyName="all", PolicyDocument=anything)

# SigV4A: a signature for a set of regions, by AWS's common runtime.
for name, chosen in (("every region", "*"), ("one region", "us-east-1"), ("several", "eu-west-1,us-east-1")):
    wide = client("sts", user_key, auth_scheme_preference="sigv4a", sigv4a_signing_region_set=chosen)
    seen = {}
    wide.meta.events.register("before-send.sts", lambda request, **_: seen.update(request.headers) and None)
    check(f"SigV4A, {name}", wide.get_caller_identity()["Arn"].endswith(":user/py"))
    check(f"SigV4A, {name}: really", b"AWS4-ECDSA-P256-SHA256" in seen["Authorization"] if isinstance(seen["Authorization"], bytes) else "AWS4-ECDSA-P256-SHA256" in seen["Authorization"])
refused("SigV4A, wrong secret", "SignatureDoesNotMatch", client("sts", dict(user_key, SecretAccessKey="x" * 40), auth_scheme_preference="sigv4a").get_caller_identity)

session = user.assume_role(RoleArn=role, RoleSessionName="one", SourceIdentity="erin", Tags=[{"Key": "team", "Value": "blue"}], TransitiveTagKeys=["team"])
check("AssumeRole", session["SourceIdentity"] == "erin" and session["PackedPolicySize"] > 0)
wide = client("sts", session["Credentials"], auth_scheme_preference="sigv4a")
check("SigV4A with a session token", wide.get_caller_identity()["Arn"].endswith(":assumed-role/py-role/one"))
chained = client("sts", session["Credentials"]).assume_role(RoleArn=role, RoleSessionName="two")
check("source identity in a chain", chained["SourceIdentity"] == "erin")
refused("transitive tag in another case", "InvalidParameterValue", client("sts", session["Credentials"]).assume_role, RoleArn=role, RoleSessionName="two", Tags=[{"Key": "Team", "Value": "red"}])
refused("policy that does not parse", "MalformedPolicyDocument", user.assume_role, RoleArn=role, RoleSessionName="two", Policy="{}")
refused("unknown role", "AccessDenied", user.assume_role, RoleArn=role + "-no", RoleSessionName="two")

guest = user.get_federation_token(Name="guest", Policy=anything)
check("GetFederationToken", guest["FederatedUser"]["FederatedUserId"] == account + ":guest" and guest["PackedPolicySize"] > 0)
refused("federated users assume no role", "AccessDenied", client("sts", guest["Credentials"]).assume_role, RoleArn=role, RoleSessionName="two")
check("GetAccessKeyInfo", user.get_access_key_info(AccessKeyId=user_key["AccessKeyId"])["Account"] == account)
refused("junk message", "InvalidAuthorizationMessageException", user.decode_authorization_message, EncodedMessage="junk")

task = {"arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"}
as_root = user.assume_root(TargetPrincipal=account, TaskPolicyArn=task)["Credentials"]
check("AssumeRoot", client("sts", as_root).get_caller_identity()["Arn"].endswith(":root"))
refused("beyond the task", "AccessDenied", client("iam", as_root).create_user, UserName="evil")
refused("AssumeRoot with root's key", "AccessDenied", root.assume_root, TargetPrincipal=account, TaskPolicyArn=task)

ask = dict(Audience=["https://api.example"], SigningAlgorithm="ES384", DurationSeconds=60)
refused("federation is off", "OutboundWebIdentityFederationDisabledException", user.get_web_identity_token, **ask)
settings = poolhouse("UpdateAccountSettings", OutboundWebIdentityFederation=True)["Settings"]
token = user.get_web_identity_token(**ask)
body = token["WebIdentityToken"].split(".")[1]
claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
check("GetWebIdentityToken", claims["iss"] == settings["OutboundWebIdentityFederationIssuer"] and claims["sub"].endswith(":user/py"))
with urllib.request.urlopen(claims["iss"] + "/.well-known/jwks.json") as answer:
    check("published keys", {k["alg"] for k in json.load(answer)["keys"]} == {"RS256", "ES384"})

made = poolhouse("CreateTradeInToken", RoleArn=role, RoleSessionName="partner", DelegateArn=f"arn:aws:iam::{account}:user/py")
traded = user.get_delegated_access_token(TradeInToken=made["TradeInToken"])
check("GetDelegatedAccessToken", client("sts", traded["Credentials"]).get_caller_identity()["Arn"] == traded["AssumedPrincipal"])
refused("a delegate's token for another", "AccessDenied", root.get_delegated_access_token, TradeInToken=made["TradeInToken"])

device = poolhouse("CreateMfaDevice", UserName="py")
while True:
    step = time.time() // 30
    try:
        poolhouse("EnableMfaDevice", UserName="py", SerialNumber=device["SerialNumber"], FirstCode=code(device["SecretCode"], -1), SecondCode=code(device["SecretCode"], 0))
        break
    except urllib.error.HTTPError:
        if step == time.time() // 30:  # the codes were not overtaken by the next one on their way
            raise
refused("wrong code", "AccessDenied", user.get_session_token, SerialNumber=device["SerialNumber"], TokenCode=code(device["SecretCode"], -1))
strong = user.get_session_token(SerialNumber=device["SerialNumber"], TokenCode=code(device["SecretCode"], 1))["Credentials"]
check("a session with MFA reads IAM", client("iam", strong).get_user(UserName="py")["User"]["UserName"] == "py")
refused("a session without does not", "AccessDenied", client("iam", user.get_session_token()["Credentials"]).get_user, UserName="py")

poolhouse("UpdateAccountSettings", DisabledRegions=["eu-west-1"])
away = boto3.client("sts", region_name="eu-west-1", **keys(user_key))
refused("a region that is off", "RegionDisabledException", away.get_session_token)
check("but it tells who calls", away.get_caller_identity()["Account"] == account)
done()
