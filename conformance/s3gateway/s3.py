"""boto3 and the AWS CLI against the gateway, with credentials of Poolhouse."""
import time
import urllib.error
import urllib.request

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from checks import done
from common import account, allow, assume, check, cli, client, deny, document, env, iam, of, owner, refused, role, s3, sts

DATA = "arn:aws:s3:::data"
owner.create_bucket(Bucket="data")


def get(c, key, bucket="data"):
    return c.get_object(Bucket=bucket, Key=key)["Body"].read()


# --- what a role may do
team = role("team", allow("s3:*Object", DATA + "/team/*"), allow("s3:ListBucket", DATA, Condition={"StringLike": {"s3:prefix": "team/*"}}),
            deny("s3:*", DATA + "/team/secret/*"))
keys = assume(team)
c = of(keys)
c.put_object(Bucket="data", Key="team/a", Body=b"a")
check("put and get", get(c, "team/a") == b"a")
check("list below a prefix", [o["Key"] for o in c.list_objects_v2(Bucket="data", Prefix="team/")["Contents"]] == ["team/a"])
refused("list all", "AccessDenied", c.list_objects_v2, Bucket="data")
refused("list another prefix", "AccessDenied", c.list_objects_v2, Bucket="data", Prefix="other/")
refused("implicitly denied", "AccessDenied", c.get_object, Bucket="data", Key="other/a")
refused("explicitly denied", "AccessDenied", c.get_object, text="explicit deny", Bucket="data", Key="team/secret/a")
refused("another bucket", "AccessDenied", c.create_bucket, Bucket="mine")
refused("all buckets", "AccessDenied", c.list_buckets)
c.copy_object(Bucket="data", Key="team/b", CopySource="data/team/a")
check("copy", get(c, "team/b") == b"a")
refused("copy from elsewhere", "AccessDenied", c.copy_object, Bucket="data", Key="team/c", CopySource="data/other/a")
c.delete_object(Bucket="data", Key="team/b")

# --- whose credentials
changed = keys["SessionToken"][:40] + ("A" if keys["SessionToken"][40] != "A" else "B") + keys["SessionToken"][41:]
other = assume(team, "other")
refused("tampered token", "InvalidToken", of(dict(keys, SessionToken=changed)).get_object, Bucket="data", Key="team/a")
refused("another session's token", "InvalidToken", of(dict(keys, SessionToken=other["SessionToken"])).get_object, Bucket="data", Key="team/a")
refused("no token", "InvalidAccessKeyId", of(dict(keys, SessionToken=None)).get_object, Bucket="data", Key="team/a")
refused("wrong secret", "SignatureDoesNotMatch", of(dict(keys, SecretAccessKey="x" * 40)).get_object, Bucket="data", Key="team/a")
refused("nobody's key", "InvalidAccessKeyId", s3("AKIANOBODYNOBODYNOBO", "x" * 40).get_object, Bucket="data", Key="team/a")
iam.create_user(UserName="ann")
iam.put_user_policy(UserName="ann", PolicyName="s3", PolicyDocument=document(allow("s3:*Object", DATA + "/${aws:username}/*")))
key = iam.create_access_key(UserName="ann")["AccessKey"]
ann = s3(key["AccessKeyId"], key["SecretAccessKey"])
ann.put_object(Bucket="data", Key="ann/a", Body=b"ann")
check("an IAM user", get(ann, "ann/a") == b"ann")
refused("an IAM user elsewhere", "AccessDenied", ann.get_object, Bucket="data", Key="team/a")
refused("a long-term key with a token", "InvalidToken", s3(key["AccessKeyId"], key["SecretAccessKey"], keys["SessionToken"]).get_object, Bucket="data", Key="ann/a")
iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")
refused("an inactive key", "InvalidAccessKeyId", ann.get_object, Bucket="data", Key="ann/a")

# --- a session policy narrows
narrow = of(assume(team, Policy=document(allow("s3:GetObject", DATA + "/team/*"), deny("s3:*", DATA + "/team/never"))))
check("within the session policy", get(narrow, "team/a") == b"a")
refused("outside the session policy", "AccessDenied", narrow.put_object, Bucket="data", Key="team/x", Body=b"x")
refused("denied by the session policy", "AccessDenied", narrow.get_object, text="explicit deny", Bucket="data", Key="team/never")
owner.put_object(Bucket="data", Key="other/a", Body=b"other")
wide = of(assume(team, Policy=document(allow("s3:*", "*"))))
refused("a session policy does not widen", "AccessDenied", wide.get_object, Bucket="data", Key="other/a")

# --- tags of the principal
homes = role("homes", allow("s3:*Object", DATA + "/home/${aws:PrincipalTag/team}/*"))
red, blue = (of(assume(homes, Tags=[{"Key": "team", "Value": v}])) for v in ("red", "blue"))
red.put_object(Bucket="data", Key="home/red/a", Body=b"red")
check("principal tag", get(red, "home/red/a") == b"red")
refused("another's tag", "AccessDenied", blue.get_object, Bucket="data", Key="home/red/a")
refused("no tag", "AccessDenied", of(assume(homes)).get_object, Bucket="data", Key="home/red/a")

# --- an identity pool: everybody has a prefix
iam.put_role_policy(RoleName="AppUser", PolicyName="s3", PolicyDocument=document(
    allow("s3:*Object", DATA + "/${cognito-identity.amazonaws.com:sub}/*"),
    allow("s3:ListBucket", DATA, Condition={"StringLike": {"s3:prefix": "${cognito-identity.amazonaws.com:sub}/*"}})))


def identity(n):
    """Signs in as a user of the fixture; returns the identity and its S3 client."""
    anonymous = Config(signature_version=UNSIGNED)
    token = boto3.client("cognito-idp", config=anonymous).initiate_auth(AuthFlow="USER_PASSWORD_AUTH", ClientId=env["POOLHOUSE_CLIENT_ID"],
        AuthParameters={"USERNAME": env["POOLHOUSE_USERNAME" + n], "PASSWORD": env["POOLHOUSE_PASSWORD" + n]})["AuthenticationResult"]["IdToken"]
    pool = boto3.client("cognito-identity", config=anonymous)
    logins = {f"cognito-idp.us-east-1.amazonaws.com/{env['POOLHOUSE_POOL_ID']}": token}
    id = pool.get_id(IdentityPoolId=env["POOLHOUSE_IDENTITY_POOL_ID"], Logins=logins)["IdentityId"]
    k = pool.get_credentials_for_identity(IdentityId=id, Logins=logins)["Credentials"]
    return id, s3(k["AccessKeyId"], k["SecretKey"], k["SessionToken"])


(alice, a), (bob, b) = identity(""), identity("2")
a.put_object(Bucket="data", Key=alice + "/photo", Body=b"alice")
check("own prefix", get(a, alice + "/photo") == b"alice" and a.list_objects_v2(Bucket="data", Prefix=alice + "/")["KeyCount"] == 1)
refused("read another's prefix", "AccessDenied", b.get_object, Bucket="data", Key=alice + "/photo")
refused("write another's prefix", "AccessDenied", b.put_object, Bucket="data", Key=alice + "/photo", Body=b"bob")
refused("list another's prefix", "AccessDenied", b.list_objects_v2, Bucket="data", Prefix=alice + "/")


# --- presigned URLs
def fetch(url):
    try:
        with urllib.request.urlopen(url) as r:
            return r.status, r.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()


url = c.generate_presigned_url("get_object", Params=dict(Bucket="data", Key="team/a"), ExpiresIn=600)
check("presigned", fetch(url) == (200, b"a"), fetch(url))
check("presigned for another object", fetch(url.replace("/team/a", "/team/b"))[0] == 403)
check("presigned with another token", fetch(url.replace("X-Amz-Security-Token=" + url.split("X-Amz-Security-Token=")[1][:40], "X-Amz-Security-Token=" + "A" * 40))[0] in (400, 403))
beyond = c.generate_presigned_url("get_object", Params=dict(Bucket="data", Key="other/a"), ExpiresIn=600)
check("presigned beyond the policy", fetch(beyond)[0] == 403)

# --- a thousand at once
many = ["team/%d" % i if i % 2 else "other/%d" % i for i in range(1000)]
began = time.monotonic()
out = c.delete_objects(Bucket="data", Delete={"Objects": [{"Key": k} for k in many]})
deleted, errors = {d["Key"] for d in out.get("Deleted", [])}, {e["Key"]: e["Code"] for e in out.get("Errors", [])}
check("a batch of a thousand", deleted == {k for k in many if k.startswith("team/")} and set(errors) == {k for k in many if k.startswith("other/")}
      and set(errors.values()) == {"AccessDenied"}, f"{len(deleted)} deleted, {len(errors)} refused")
check("in time", time.monotonic() - began < 10)

# --- bucket policies
owner.create_bucket(Bucket="shared")
SHARED = "arn:aws:s3:::shared"
guest_role = role("guest")
guest_keys = assume(guest_role)
guest = of(guest_keys)
refused("a role without policies", "AccessDenied", guest.put_object, Bucket="shared", Key="a", Body=b"a")


def share(*statements):
    owner.put_bucket_policy(Bucket="shared", Policy=document(*statements))


share(allow("s3:*Object", SHARED + "/*", Principal={"AWS": guest_role}))
guest.put_object(Bucket="shared", Key="a", Body=b"shared")
check("a bucket policy grants to a role", get(guest, "a", "shared") == b"shared")
reader = of(assume(guest_role, Policy=document(allow("s3:GetObject", "*"))))
check("a session policy within a bucket policy", get(reader, "a", "shared") == b"shared")
refused("a session policy narrows what a bucket policy grants", "AccessDenied", reader.put_object, Bucket="shared", Key="b", Body=b"b")
iam.put_role_policy(RoleName="guest", PolicyName="no", PolicyDocument=document(deny("s3:DeleteObject", "*")))
refused("an identity's denial beats a bucket policy", "AccessDenied", guest.delete_object, text="explicit deny", Bucket="shared", Key="a")
refused("another role", "AccessDenied", c.get_object, Bucket="shared", Key="a")
share(allow("s3:GetObject", SHARED + "/*", Principal={"AWS": f"arn:aws:sts::{account}:assumed-role/guest/session"}))
check("a bucket policy names a session", get(guest, "a", "shared") == b"shared")
refused("another session", "AccessDenied", of(assume(guest_role, "another")).get_object, Bucket="shared", Key="a")
share(allow("s3:*", SHARED + "/*", Principal={"AWS": f"arn:aws:iam::{account}:root"}))
refused("a grant to the account is its policies' to share out", "AccessDenied", guest.get_object, Bucket="shared", Key="a")
share(deny("s3:GetObject", SHARED + "/*", Principal={"AWS": account}), allow("s3:*", SHARED + "/*", Principal="*"))
refused("a bucket policy's denial", "AccessDenied", guest.get_object, text="resource-based policy", Bucket="shared", Key="a")
for nobody in (f"arn:aws:iam::{account}:role/nobody", f"arn:aws:iam::{account}:user/Ann", "arn:aws:iam::111111111111:root", f"arn:aws:iam::{account}:role/*"):
    refused("a principal who is nobody, " + nobody, "MalformedPolicy", owner.put_bucket_policy, Bucket="shared",
            Policy=document(allow("s3:GetObject", SHARED + "/*", Principal={"AWS": nobody})))

# --- the AWS CLI
code, out = cli(keys, "s3", "cp", __file__, "s3://data/team/cli", "--no-progress")
check("aws s3 cp", code == 0, out)
code, out = cli(keys, "s3", "ls", "s3://data/team/")
check("aws s3 ls", code == 0 and " cli" in out, out)
code, out = cli(keys, "s3api", "get-object", "--bucket", "data", "--key", "other/a", "/dev/null")
check("aws s3api get-object, denied", code != 0 and "AccessDenied" in out, out)

# --- what ends
iam.put_role_policy(RoleName="homes", PolicyName="AWSRevokeOlderSessions", PolicyDocument=document(
    deny("*", "*", Condition={"DateLessThan": {"aws:TokenIssueTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))}})))
refused("a revoked session", "AccessDenied", red.get_object, Bucket="data", Key="home/red/a")
iam.delete_role_policy(RoleName="team", PolicyName="s3")
refused("a policy that is gone", "AccessDenied", c.get_object, Bucket="data", Key="team/a")
iam.delete_role(RoleName="team")
refused("a role that is gone", "InvalidToken|InvalidAccessKeyId|AccessDenied", c.get_object, Bucket="data", Key="team/a")
check("its presigned URL", fetch(url)[0] in (400, 403))
role("team", allow("s3:*", "*"))
refused("a role of the same name", "InvalidToken|InvalidAccessKeyId|AccessDenied", c.get_object, Bucket="data", Key="team/a")
short = s3(env["SHORT_KEY"], env["SHORT_SECRET"], env["SHORT_TOKEN"])
for _ in range(50):  # it lasts two seconds from before this script began
    try:
        short.list_buckets()
    except ClientError:
        break
    time.sleep(0.1)
refused("an expired session", "InvalidToken", short.list_buckets)
done()
