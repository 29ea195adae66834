"""boto3 against one server: STS and the identity pool, as scripts use them."""
import os

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from checks import check, done, refused

env = os.environ

sts = boto3.client("sts")
me = sts.get_caller_identity()
check("root identity", me["Arn"].endswith(":root") and me["Account"] == me["UserId"])

iam = boto3.client("iam")
trust = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"%s"}}]}' % me["Account"]
role = iam.create_role(RoleName="cli", AssumeRolePolicyDocument=trust)["Role"]
check("role document comes back as it was", role["AssumeRolePolicyDocument"]["Statement"][0]["Action"] == "sts:AssumeRole")
iam.put_role_policy(RoleName="cli", PolicyName="read", PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cognito-idp:ListUserPools","Resource":"*"}]}')

session = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="boto")
c = session["Credentials"]
keys = dict(aws_access_key_id=c["AccessKeyId"], aws_secret_access_key=c["SecretAccessKey"], aws_session_token=c["SessionToken"])
as_role = boto3.client("sts", **keys).get_caller_identity()
check("assumed role", as_role["Arn"].endswith(":assumed-role/cli/boto") and as_role["UserId"].endswith(":boto"))

idp = boto3.client("cognito-idp", **keys)
check("allowed action", "UserPools" in idp.list_user_pools(MaxResults=10))
refused("action without a policy", "AccessDeniedException", idp.describe_user_pool, UserPoolId=env["POOLHOUSE_POOL_ID"])
narrow = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="narrow", Policy='{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}')["Credentials"]
refused("session policy narrows", "AccessDeniedException",
        boto3.client("cognito-idp", aws_access_key_id=narrow["AccessKeyId"], aws_secret_access_key=narrow["SecretAccessKey"], aws_session_token=narrow["SessionToken"]).list_user_pools, MaxResults=10)

broken = dict(keys, aws_session_token=c["SessionToken"][:-4] + ("AAAA" if c["SessionToken"][-4:] != "AAAA" else "BBBB"))
refused("changed session token", "InvalidClientTokenId", boto3.client("sts", **broken).get_caller_identity)
refused("wrong secret", "SignatureDoesNotMatch", boto3.client("sts", **dict(keys, aws_secret_access_key="x" * 40)).get_caller_identity)
refused("unknown role", "AccessDenied", sts.assume_role, RoleArn=role["Arn"] + "-no", RoleSessionName="boto")

anonymous = Config(signature_version=UNSIGNED)
tokens = boto3.client("cognito-idp", config=anonymous).initiate_auth(AuthFlow="USER_PASSWORD_AUTH", ClientId=env["POOLHOUSE_CLIENT_ID"],
    AuthParameters={"USERNAME": env["POOLHOUSE_USERNAME"], "PASSWORD": env["POOLHOUSE_PASSWORD"]})["AuthenticationResult"]
issuer = env["POOLHOUSE_URL"] + "/" + env["POOLHOUSE_POOL_ID"]
provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=[env["POOLHOUSE_CLIENT_ID"]], ThumbprintList=["0" * 40])["OpenIDConnectProviderArn"]
web = iam.create_role(RoleName="web", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"%s"},"Condition":{"StringEquals":{"%s:aud":"%s"}}}]}'
    % (provider, issuer.split("://", 1)[1], env["POOLHOUSE_CLIENT_ID"]))["Role"]
unsigned = boto3.client("sts", config=anonymous)
federated = unsigned.assume_role_with_web_identity(RoleArn=web["Arn"], RoleSessionName="web", WebIdentityToken=tokens["IdToken"])
check("web identity", federated["Audience"] == env["POOLHOUSE_CLIENT_ID"] and federated["AssumedRoleUser"]["Arn"].endswith(":assumed-role/web/web"))
head, body, signature = tokens["IdToken"].split(".")
refused("unsigned JWT", "InvalidIdentityToken", unsigned.assume_role_with_web_identity, RoleArn=web["Arn"], RoleSessionName="web", WebIdentityToken="eyJhbGciOiJub25lIn0." + body + ".")
refused("changed JWT", "InvalidIdentityToken", unsigned.assume_role_with_web_identity, RoleArn=web["Arn"], RoleSessionName="web", WebIdentityToken=head + "." + body + "." + signature[::-1])
done()
