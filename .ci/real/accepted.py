"""moto's CloudFormation makes a stack of what SAM makes of the template, as far as it knows the resources.

What it does not know is listed: a name that moto learns, or a resource that is new, makes this fail until it is moved.
"""

import json
import logging
import os
import warnings

import boto3
from moto import mock_aws

from combinations import PARTS, TOPIC
from harness import check
from stack import REQUIRED, TENANTS, Stack, translated

UNKNOWN_TO_MOTO = {
}
STACKS = {
    "a first deployment": {"ConnectTenantsSecretArn": TENANTS},
    "all parts": {
        "OpenAISecretArn": "",
        "CreateSecret": "true",
        "AuthMode": "none",
        "Tracing": "Active",
        "AlarmTopicArn": TOPIC,
        "AlarmEmail": "ops@example.com",
        **PARTS["front"]["rate"],
        **PARTS["kms"]["own"],
    },
    "managed instances": {"AuthMode": "none", **PARTS["machines"]["managed"]},
}


def make(template, name, given):
    stack = Stack(template, **given)
    check(not stack.refusals(), f"{name}: {stack.refusals()}")
    given = {**REQUIRED, **given}
    parameters = [
        {"ParameterKey": k, "ParameterValue": ",".join(v) if isinstance(v, list) else v} for k, v in given.items()
    ]
    should = {n: r["Type"] for n, r in stack.resources().items()}
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="key", Body=b"a zip would do")
        client = boto3.client("cloudformation")
        body = json.dumps({k: v for k, v in template.items() if k != "Rules"})
        client.create_stack(StackName="gptdock", TemplateBody=body, Parameters=parameters, Capabilities=["CAPABILITY_IAM"])
        (made,) = client.describe_stacks(StackName="gptdock")["Stacks"]
        check(made["StackStatus"] == "CREATE_COMPLETE", f"{name}: {made['StackStatus']}")
        pages = client.get_paginator("list_stack_resources").paginate(StackName="gptdock")
        taken = {r["LogicalResourceId"] for page in pages for r in page["StackResourceSummaries"]}
    missing = {n: t for n, t in should.items() if n not in taken}
    return should, missing


def main():
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    template = translated()
    for name, given in STACKS.items():
        should, missing = make(template, name, given)
        print(f"{name}: {len(should) - len(missing)} of {len(should)} resources; not: {sorted(set(missing.values()))}")


if __name__ == "__main__":
    main()
