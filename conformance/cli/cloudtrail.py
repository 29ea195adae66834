"""boto3 against one server: the audit log through cloudtrail:LookupEvents."""
import datetime
import json

import boto3
from botocore.exceptions import ClientError

import checks
from checks import check, done
from ledger import Ledger


def by(key, value):
    return [{"AttributeKey": key, "AttributeValue": value}]


def refused(name, code, **args):
    checks.refused(name, code, trail.lookup_events, **args)


ledger = Ledger("cloudtrail")
trail, iam = ledger.watch(boto3.client("cloudtrail")), boto3.client("iam")
for n in range(6):
    iam.create_user(UserName=f"trail-{n}", Tags=[{"Key": "team", "Value": "blue"}])
try:
    iam.get_user(UserName="trail-unknown")
except ClientError:
    pass

created = trail.lookup_events(LookupAttributes=by("EventName", "CreateUser"))["Events"]
check("events by name", len(created) == 6)
check("newest first", created == sorted(created, key=lambda e: e["EventTime"], reverse=True))
record = json.loads(created[0]["CloudTrailEvent"])
check("a record", record["eventID"] == created[0]["EventId"] and record["requestParameters"]["userName"] == "trail-5"
      and record["userIdentity"]["type"] == "Root" and record["readOnly"] is False)
check("a time", abs(created[0]["EventTime"] - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(minutes=5))
failed = trail.lookup_events(LookupAttributes=by("EventName", "GetUser"))["Events"]
check("a failure", json.loads(failed[0]["CloudTrailEvent"])["errorCode"] == "NoSuchEntity" and failed[0]["ReadOnly"] == "true")
check("one event by its ID", len(trail.lookup_events(LookupAttributes=by("EventId", created[3]["EventId"]))["Events"]) == 1)
check("a resource", len(trail.lookup_events(LookupAttributes=by("ResourceName", "trail-2"))["Events"]) == 1)
check("a type", len(trail.lookup_events(LookupAttributes=by("ResourceType", "AWS::IAM::User"))["Events"]) == 7)

pages = list(trail.get_paginator("lookup_events").paginate(LookupAttributes=by("EventName", "CreateUser"), PaginationConfig={"PageSize": 4}))
check("pages", [len(p["Events"]) for p in pages] == [4, 2])
now = datetime.datetime.now(datetime.timezone.utc)
check("times", trail.lookup_events(StartTime=now + datetime.timedelta(hours=1))["Events"] == [])
check("insights", trail.lookup_events(EventCategory="insight")["Events"] == [])

refused("attribute", "InvalidLookupAttributesException", LookupAttributes=by("Colour", "red"))
refused("attributes", "InvalidLookupAttributesException", LookupAttributes=by("EventName", "a") + by("Username", "b"))
refused("ReadOnly", "InvalidLookupAttributesException", LookupAttributes=by("ReadOnly", "maybe"))
refused("results", "InvalidMaxResultsException", MaxResults=51)
refused("category", "InvalidEventCategoryException", EventCategory="gossip")
refused("range", "InvalidTimeRangeException", StartTime=now, EndTime=now - datetime.timedelta(hours=1))
refused("token", "InvalidNextTokenException", NextToken="AAAA")
refused("token of another lookup", "InvalidNextTokenException", NextToken=pages[0]["NextToken"])
ledger.settle()
done()
