"""boto3 against one server: every operation of STS and each error that it declares, and signatures of SigV4A by AWS's common
runtime."""
import base64
import hashlib
import hmac
import json
import os
import struct
import time
import urllib.request

import boto3
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config

import checks
from checks import check, done, refused
from ledger import Ledger

env, ledger = os.environ, Ledger("sts")
with open(env["POOLHOUSE_ASSERTIONS"]) as file:
    assertions = json.load(file)  # of a SAML provider, by what is wrong with them


def keys(c):
    return dict(aws_access_key_id=c["AccessKeyId"], aws_secret_access_key=c["SecretAccessKey"], aws_session_token=c.get("SessionToken"))


def client(service, c, **config):
    made = boto3.client(service, config=Config(retries={"max_attempts": 1}, **config), **keys(c))
    return ledger.watch(made) if service == "sts" else made


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
root, iam = ledger.watch(boto3.client("sts")), boto3.client("iam")
app = ledger.watch(boto3.client("sts", config=Config(signature_version=UNSIGNED)))
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
narrow = user.assume_role(RoleArn=role, RoleSessionName="narrow", Policy=anything.replace("Allow", "Deny"))
refused("session policy narrows", "AccessDeniedException", client("cognito-idp", narrow["Credentials"]).list_user_pools, MaxResults=10)
lone = session["Credentials"]["SessionToken"]
broken = client("sts", dict(session["Credentials"], SessionToken=lone[:-4] + ("AAAA" if lone[-4:] != "AAAA" else "BBBB")))
refused("changed session token", "InvalidClientTokenId", broken.get_caller_identity)
refused("wrong secret", "SignatureDoesNotMatch", client("sts", dict(session["Credentials"], SecretAccessKey="x" * 40)).get_caller_identity)
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


# What the refusals of policies have in common.
broken = '{"Version":"2012-10-17","Statement":{"Effect":"Allow"}}'
long, many = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Sid":"%s"}}' % ("x" * 1900), []
for n in range(10):
    path = "/" + "x/" * 100
    many.append({"arn": iam.create_policy(PolicyName="p" * 120 + str(n), Path=path, PolicyDocument=anything)["Policy"]["Arn"]})


def bounded(call, **args):
    refused(call.__name__, "MalformedPolicyDocument", call, Policy=broken, **fresh(args))
    refused(call.__name__, "PackedPolicyTooLarge", call, Policy=long, PolicyArns=many, **fresh(args))


def fresh(args):
    """An assertion counts once."""
    return dict(args, SAMLAssertion=assertions["good"].pop()) if "SAMLAssertion" in args else args


# SAML.
saml = iam.create_saml_provider(Name="sts-idp", SAMLMetadataDocument=assertions["metadata"])["SAMLProviderArn"]
iam.create_role(RoleName="sts-saml", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": {
    "Effect": "Allow", "Principal": {"Federated": saml}, "Action": "sts:AssumeRoleWithSAML"}}))
redeem = dict(RoleArn=f"arn:aws:iam::{account}:role/sts-saml", PrincipalArn=saml, SAMLAssertion="")
once = fresh(redeem)
erin = app.assume_role_with_saml(**once)
check("AssumeRoleWithSAML", erin["Subject"] == "erin" and client("sts", erin["Credentials"]).get_caller_identity()["Arn"].endswith(":assumed-role/sts-saml/erin"))
refused("an assertion twice", "InvalidIdentityToken", app.assume_role_with_saml, **once)
for name, wanted in {"another key": "InvalidIdentityToken", "another issuer": "InvalidIdentityToken", "another recipient": "InvalidIdentityToken",
                     "another role": "AccessDenied", "expired": "ExpiredTokenException", "no sign-in": "IDPRejectedClaim"}.items():
    refused("an assertion of " + name, wanted, app.assume_role_with_saml, **dict(redeem, SAMLAssertion=assertions[name]))
bounded(app.assume_role_with_saml, **redeem)

# Web identity: tokens of an identity pool, of a user pool, and of a provider that does not answer.
pools = boto3.client("cognito-identity")
pool = pools.create_identity_pool(IdentityPoolName="sts", AllowUnauthenticatedIdentities=False, DeveloperProviderName="login.example")["IdentityPoolId"]
providers = [iam.create_open_id_connect_provider(Url=url, ClientIDList=[env["POOLHOUSE_CLIENT_ID"]], ThumbprintList=["0" * 40])["OpenIDConnectProviderArn"]
             for url in (env["POOLHOUSE_URL"] + "/" + env["POOLHOUSE_POOL_ID"], "https://127.0.0.1:1/dark")]
iam.create_role(RoleName="py-web", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Federated": providers}, "Action": "sts:AssumeRoleWithWebIdentity"},
    {"Effect": "Allow", "Principal": {"Federated": "cognito-identity.amazonaws.com"}, "Action": "sts:AssumeRoleWithWebIdentity",
     "Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": pool}}}]}))
tokens = boto3.client("cognito-idp", config=Config(signature_version=UNSIGNED)).initiate_auth(AuthFlow="USER_PASSWORD_AUTH", ClientId=env["POOLHOUSE_CLIENT_ID"],
    AuthParameters={"USERNAME": env["POOLHOUSE_USERNAME"], "PASSWORD": env["POOLHOUSE_PASSWORD"]})["AuthenticationResult"]
web = dict(RoleArn=f"arn:aws:iam::{account}:role/py-web", RoleSessionName="web", WebIdentityToken=tokens["IdToken"])
federated = app.assume_role_with_web_identity(**web)
check("AssumeRoleWithWebIdentity", federated["Audience"] == env["POOLHOUSE_CLIENT_ID"] and federated["AssumedRoleUser"]["Arn"].endswith(":assumed-role/py-web/web"))
head, body, signature = tokens["IdToken"].split(".")


def part(**claims):
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


for name, wanted, forged in (
        ("junk", "InvalidIdentityToken", "junk.junk.junk"), ("unsigned", "InvalidIdentityToken", head + "." + body + "."),
        ("alg=none", "InvalidIdentityToken", part(alg="none") + "." + body + "."), ("changed", "InvalidIdentityToken", head + "." + body + "." + signature[::-1]),
        ("access", "InvalidIdentityToken", tokens["AccessToken"]), ("stranger's", "InvalidIdentityToken", head + "." + part(iss="https://nobody.example") + "." + signature),
        ("silent provider's", "IDPCommunicationError", head + "." + part(iss="https://127.0.0.1:1/dark", aud=env["POOLHOUSE_CLIENT_ID"]) + "." + signature)):
    refused(name + " token", wanted, app.assume_role_with_web_identity, **dict(web, WebIdentityToken=forged))
bounded(app.assume_role_with_web_identity, **web)


def backend(seconds):
    return pools.get_open_id_token_for_developer_identity(IdentityPoolId=pool, Logins={"login.example": "erin"}, TokenDuration=seconds)


def until_refused(name, code, call, **args):
    """Repeats a call with a token of a second until the token has expired."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            call(**args)
        except call.__self__.exceptions.ClientError:
            break
    refused(name, code, call, **args)


short, lasting = backend(1), backend(60)
app.assume_role_with_web_identity(**dict(web, WebIdentityToken=lasting["Token"]))
until_refused("expired token", "ExpiredTokenException", app.assume_role_with_web_identity, **dict(web, WebIdentityToken=short["Token"]))
pools.unlink_developer_identity(IdentityId=lasting["IdentityId"], IdentityPoolId=pool, DeveloperProviderName="login.example", DeveloperUserIdentifier="erin")
refused("token whose login was unlinked", "IDPRejectedClaim", app.assume_role_with_web_identity, **dict(web, WebIdentityToken=lasting["Token"]))

# The others' own errors.
bounded(user.assume_role, RoleArn=role, RoleSessionName="two")
bounded(user.get_federation_token, Name="guest")
text = refused("a refusal", "AccessDenied", client("iam", narrow["Credentials"]).list_roles)
told = user.decode_authorization_message(EncodedMessage=text.split("Encoded authorization failure message: ")[1].rstrip(". "))
check("DecodeAuthorizationMessage", json.loads(told["DecodedMessage"])["context"]["action"] == "iam:ListRoles")
quick = poolhouse("CreateTradeInToken", RoleArn=role, RoleSessionName="partner", DelegateArn=f"arn:aws:iam::{account}:user/py", ExpiresInSeconds=1)
until_refused("trade-in token", "ExpiredTradeInTokenException", user.get_delegated_access_token, TradeInToken=quick["TradeInToken"])
brief = client("sts", user.assume_role(RoleArn=role, RoleSessionName="brief", DurationSeconds=900)["Credentials"])
refused("a token that outlives its session", "SessionDurationEscalationException", brief.get_web_identity_token, **dict(ask, DurationSeconds=3600))
refused("too many tags", "JWTPayloadSizeExceededException", user.get_web_identity_token, **ask, Tags=[{"Key": "k" + "x" * n, "Value": "v" * 256} for n in range(40)])

poolhouse("UpdateAccountSettings", DisabledRegions=["eu-west-1"])
away = ledger.watch(boto3.client("sts", region_name="eu-west-1", **keys(user_key)))
lost = ledger.watch(boto3.client("sts", config=Config(signature_version=UNSIGNED)))  # where nobody signs the name of the host tells the region
lost.meta.events.register("before-send.sts", lambda request, **_: request.headers.update(Host="sts.eu-west-1.amazonaws.com"))
for call, args in ((away.get_session_token, {}), (away.get_federation_token, {"Name": "guest"}), (away.assume_role, {"RoleArn": role, "RoleSessionName": "two"}),
                   (away.assume_root, {"TargetPrincipal": account, "TaskPolicyArn": task}), (away.get_delegated_access_token, {"TradeInToken": made["TradeInToken"]}),
                   (lost.assume_role_with_saml, fresh(redeem)), (lost.assume_role_with_web_identity, web)):
    refused("a region that is off", "RegionDisabledException", call, **args)
check("but it tells who calls", away.get_caller_identity()["Account"] == account)
ledger.settle()
done()
