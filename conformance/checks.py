"""What the scripts that drive boto3 share: checks, of which the first that fails ends the script."""
import sys

from botocore.exceptions import ClientError

count = 0
asked = {}  # operation to the error codes that were wanted, and came


def check(name, holds, what=""):
    global count
    count += 1
    print(("ok   " if holds else "FAIL ") + name + (f": {what}" if what and not holds else ""))
    if not holds:
        sys.exit(1)


def refused(name, code, call, text="", status=None, **args):
    """The call must fail with the code (one of several, as A|B), and where they are given with the text and one of the
    statuses. Returns the message."""
    try:
        call(**args)
    except ClientError as e:
        got, at = e.response["Error"], e.response["ResponseMetadata"]["HTTPStatusCode"]
        message = got.get("Message", "")
        check(f"{name}: {code}", got["Code"] in code.split("|") and text in message and (status is None or at in status), f"{at} {got}")
        asked.setdefault(e.operation_name, set()).add(got["Code"])
        return message
    check(f"{name}: {code}", False, "answered")


def done():
    print(f"{count} checks")
