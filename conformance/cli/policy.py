"""boto3 on policies: what is malformed, simulations with their pages, and why a call was refused."""
import json
import os

import boto3

from checks import check, done, refused

env = os.environ


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


iam, sts = boto3.client("iam"), boto3.client("sts")
account = sts.get_caller_identity()["Account"]
read = document({"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::home/${aws:username, 'public'}/*",
                 "Condition": {"ForAllValues:StringLike": {"aws:TagKeys": ["a*", "b?"]}}})

# What IAM says of a policy that it does not take.
for name, doc, text in [
    ("no JSON", "{", "Syntax errors in policy."),
    ("old version", read.replace("2012", "2008"), "Policy document must be version 2012-10-17 or greater."),
    ("no version", '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}', "Policy document must be version 2012-10-17 or greater."),
    ("no resource", document({"Effect": "Allow", "Action": "*"}), "Policy statement must contain resources."),
    ("no ARN", document({"Effect": "Allow", "Action": "*", "Resource": "bucket"}), 'Resource bucket must be in ARN format or "*".'),
]:
    refused(name, "MalformedPolicyDocument", iam.create_policy, text, PolicyName="broken", PolicyDocument=doc)

# A managed policy, simulated by itself and at its user.
managed = iam.create_policy(PolicyName="read", PolicyDocument=read)["Policy"]
user = iam.create_user(UserName="boto-sim")["User"]
iam.attach_user_policy(UserName="boto-sim", PolicyArn=managed["Arn"])
keys = iam.get_context_keys_for_custom_policy(PolicyInputList=[read])["ContextKeyNames"]
check(f"keys of a policy: {keys}", keys == ["aws:TagKeys", "aws:username"])
check("keys of a principal", iam.get_context_keys_for_principal_policy(PolicySourceArn=user["Arn"])["ContextKeyNames"] == keys)


def simulated(**args):
    pages = iam.get_paginator("simulate_principal_policy").paginate(PolicySourceArn=user["Arn"], PaginationConfig={"PageSize": 2}, **args)
    return [r for page in pages for r in page["EvaluationResults"]]


tags = [{"ContextKeyName": "aws:TagKeys", "ContextKeyType": "stringList", "ContextKeyValues": ["az", "b1"]}]
got = simulated(ActionNames=["s3:GetObject", "s3:PutObject"], ResourceArns=["arn:aws:s3:::home/boto-sim/x", "arn:aws:s3:::home/public/x"], ContextEntries=tags)
words = [(r["EvalActionName"], r["EvalResourceName"][-8:], r["EvalDecision"]) for r in got]
check(f"decisions: {words}", [w[2] for w in words] == ["allowed", "implicitDeny", "implicitDeny", "implicitDeny"])
match = got[0]["ResourceSpecificResults"][0]["MatchedStatements"][0]
check(f"statement: {match}", match["SourcePolicyId"] == "read" and match["SourcePolicyType"] == "user-managed"
      and match["StartPosition"] == {"Line": 4, "Column": 6} and match["EndPosition"]["Column"] == 6)
boundary = iam.simulate_principal_policy(PolicySourceArn=user["Arn"], ActionNames=["s3:GetObject"], ResourceArns=["arn:aws:s3:::home/boto-sim/x"], ContextEntries=tags,
                                         PermissionsBoundaryPolicyInputList=[document({"Effect": "Allow", "Action": "iam:*", "Resource": "*"})])["EvaluationResults"][0]
check("a boundary", boundary["EvalDecision"] == "implicitDeny" and boundary["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False})

custom = iam.simulate_custom_policy(PolicyInputList=[read], ActionNames=["s3:GetObject"], ResourceArns=["arn:aws:s3:::home/public/x"])["EvaluationResults"][0]
check("the default of a variable", custom["EvalDecision"] == "allowed")
check("missing: " + str(custom["ResourceSpecificResults"][0]["MissingContextValues"]), custom["ResourceSpecificResults"][0]["MissingContextValues"] == ["aws:TagKeys"])
refused("a broken policy", "InvalidInput", iam.simulate_custom_policy, "PolicyInputList.1 is malformed", PolicyInputList=["{"], ActionNames=["s3:GetObject"])
refused("no caller", "InvalidInput", iam.simulate_custom_policy, "CallerArn is required", PolicyInputList=[read], ActionNames=["s3:GetObject"],
        ResourcePolicy=document({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}))
refused("a session", "InvalidInput", iam.simulate_principal_policy, "Invalid Entity Arn", PolicySourceArn=f"arn:aws:sts::{account}:assumed-role/x/y", ActionNames=["s3:GetObject"])
refused("an unknown role", "NoSuchEntity", iam.simulate_principal_policy, PolicySourceArn=f"arn:aws:iam::{account}:role/nosuch", ActionNames=["s3:GetObject"])
refused("keys of an unknown role", "NoSuchEntity", iam.get_context_keys_for_principal_policy, PolicySourceArn=f"arn:aws:iam::{account}:role/nosuch")

# Why a call was refused: who may ask reads it, the caller does not.
iam.put_user_policy(UserName="boto-sim", PolicyName="no", PolicyDocument=document({"Sid": "Closed", "Effect": "Deny", "Action": "iam:List*", "Resource": "*"}))
key = iam.create_access_key(UserName="boto-sim")["AccessKey"]
own = dict(aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
text = refused("denied", "AccessDenied", boto3.client("iam", **own).list_users)
message = text.split(" Encoded authorization failure message: ")[1]
told = json.loads(sts.decode_authorization_message(EncodedMessage=message)["DecodedMessage"])
check("told: " + json.dumps(told)[:200], told["allowed"] is False and told["explicitDeny"] is True and told["matchedStatements"]["items"][0]["statementId"] == "Closed"
      and told["context"]["action"] == "iam:ListUsers" and told["context"]["principal"]["arn"] == user["Arn"])
text = refused("the caller", "AccessDenied", boto3.client("sts", **own).decode_authorization_message, EncodedMessage=message)
check("one length", len(text.split(" Encoded authorization failure message: ")[1]) == len(message))
refused("garbled", "InvalidAuthorizationMessageException", sts.decode_authorization_message, EncodedMessage=message[::-1])
done()
