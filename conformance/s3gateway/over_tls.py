"""The gateway asks over mutual TLS."""
from common import allow, assume, check, of, owner, refused, role

owner.create_bucket(Bucket="data")
one = of(assume(role("one", allow("s3:*Object", "arn:aws:s3:::data/one/*"))))
one.put_object(Bucket="data", Key="one/a", Body=b"a")
check("allowed", one.get_object(Bucket="data", Key="one/a")["Body"].read() == b"a")
refused("implicitly denied", "AccessDenied", one.put_object, Bucket="data", Key="two/a", Body=b"a")
