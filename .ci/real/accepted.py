"""moto takes what SAM makes of the template.

Its CloudFormation makes a stack of the resources that it knows, with the template's own parameters. Each of the others
is given to the service's API, whose model in botocore knows every member, its type and its bounds; the members of a
resource are those of the call that makes it.
"""

import json
import logging
import re
import warnings

import boto3
from botocore.exceptions import ClientError, ParamValidationError
from moto import mock_aws

from combinations import PARTS, TOPIC
from harness import check
from stack import REQUIRED, TENANTS, Stack, translated

IN_STACK = {
    "AWS::CloudWatch::Dashboard",
    "AWS::IAM::Role",
    "AWS::Lambda::Function",
    "AWS::Lambda::Version",
    "AWS::Logs::LogGroup",
    "AWS::SNS::Topic",
}
# The call that makes each other resource, in an order in which they can be made, and what CloudFormation makes up.
CALLS = {
    "AWS::SecretsManager::Secret": ("secretsmanager", "CreateSecret", {"Name": "made-up"}),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "PutMetricAlarm", {}),
    "AWS::Logs::MetricFilter": ("logs", "PutMetricFilter", {"FilterName": "made-up"}),
    "AWS::AppConfig::Application": ("appconfig", "CreateApplication", {}),
    "AWS::AppConfig::ConfigurationProfile": ("appconfig", "CreateConfigurationProfile", {}),
    "AWS::AppConfig::HostedConfigurationVersion": ("appconfig", "CreateHostedConfigurationVersion", {}),
    "AWS::Lambda::CapacityProvider": ("lambda", "CreateCapacityProvider", {"CapacityProviderName": "made-up"}),
    "AWS::Lambda::Alias": ("lambda", "CreateAlias", {}),
    "AWS::Lambda::Url": ("lambda", "CreateFunctionUrlConfig", {}),
    "AWS::Lambda::Permission": ("lambda", "AddPermission", {"StatementId": "made-up"}),
    "AWS::CodeDeploy::Application": ("codedeploy", "CreateApplication", {"ApplicationName": "ServerlessDeploymentApplication"}),
    "AWS::CodeDeploy::DeploymentGroup": ("codedeploy", "CreateDeploymentGroup", {"DeploymentGroupName": "made-up"}),
    "AWS::CloudFront::OriginAccessControl": ("cloudfront", "CreateOriginAccessControl", {}),
    "AWS::WAFv2::WebACL": ("wafv2", "CreateWebACL", {"Name": "made-up"}),
}
ARN = "arn:aws:lambda:us-east-1:123456789012:capacity-provider:{}"
# CloudFront's API counts its lists, which CloudFormation does not, so that the call is of another form.
LEFT_OUT = {"AWS::CloudFront::Distribution"}
STACKS = {
    "a first deployment": {"ConnectTenantsSecretArn": TENANTS},
    "all parts": {
        "OpenAISecretArn": "",
        "CreateSecret": "true",
        "AuthMode": "none",
        "Tracing": "Active",
        "AlarmTopicArn": TOPIC,
        "AlarmEmail": "ops@example.com",
        "SecretsKmsKeyArn": PARTS["kms"]["own"]["SecretsKmsKeyArn"],
        **PARTS["front"]["rate"],
    },
    "managed instances": {"AuthMode": "none", **PARTS["machines"]["managed"]},
}


def shaped(shape, value, where):
    """A resource's properties as the members of a call: the first letter of a name may differ, numbers may be text."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        names = {name[:1].lower() + name[1:]: name for name in shape.members}
        given = {names.get(k[:1].lower() + k[1:]): (k, v) for k, v in value.items()}
        check(None not in given, f"{where}: no such member: {given.get(None)}")
        return {name: shaped(shape.members[name], v, f"{where}.{k}") for name, (k, v) in given.items()}
    if kind == "list" and isinstance(value, list):
        return [shaped(shape.member, v, where) for v in value]
    if kind in ("integer", "long", "double", "float") and isinstance(value, str):
        return (int if kind in ("integer", "long") else float)(value)
    return value


def call(name, resource):
    """What the call answers, or None when moto lacks it; a member that the API does not have, or not so, ends the run."""
    service, operation, made_up = CALLS[resource["Type"]]
    client = boto3.client(service)
    model = client.meta.service_model.operation_model(operation)
    own = dict(resource["Properties"])
    # CloudFormation takes an alias's ARN where the API wants the alias beside the function.
    alias = own.pop("TargetFunctionArn", None)
    if alias:
        own["FunctionName"], own["Qualifier"] = alias.rsplit(":", 1)
    parameters = shaped(model.input_shape, {**made_up, **own}, name)
    (method,) = [m for m, of in client.meta.method_to_api_mapping.items() if of == operation]
    try:
        return getattr(client, method)(**parameters)
    except (ParamValidationError, ClientError) as error:
        check("Not yet implemented" in str(error), f"{name}: {error}")
        return None


def identity(resource, answer):
    """What a reference to a resource that a call made stands for."""
    names = ("Id", "AliasArn", "CapacityProviderArn", "ARN")
    return next((answer[n] for n in names if n in answer), None)


def filled(text, known):
    """A resource with the marks replaced: by what moto made, or by something of the right form."""

    def value(match):
        name, attribute = match[1], match[2]
        if attribute == ".Arn":
            return f"arn:aws:iam::123456789012:role/{name}" if name.endswith("Role") else ARN.format(name)
        return "1" if attribute else known.get(name, name)

    return re.sub(r"<(\w+)(\.\w+)?>", value, text)


def marked(stack, node, others):
    """The same without references to `others`, which moto can't resolve: a mark stands in their place."""
    if isinstance(node, list):
        return [marked(stack, v, others) for v in node]
    if not isinstance(node, dict):
        return node
    if set(node) & {"Ref", "Fn::GetAtt", "Fn::Sub"}:
        mentioned = set(re.findall(r"\w+", json.dumps(node)))
        return stack.value(node) if mentioned & others else node
    return {k: marked(stack, v, others) for k, v in node.items()}


def make(template, name, given):
    stack = Stack(template, **given)
    check(not stack.refusals(), f"{name}: {stack.refusals()}")
    resources = stack.resources()
    strange = {r["Type"] for r in resources.values()} - IN_STACK - set(CALLS) - LEFT_OUT
    check(not strange, f"{name}: how does moto take these? {strange}")

    given = {**REQUIRED, **given}
    text = {k: ",".join(v) if isinstance(v, list) else v for k, v in given.items()}
    parameters = [{"ParameterKey": k, "ParameterValue": v} for k, v in text.items()]
    pruned = stack.pruned()
    kept = {n: r for n, r in pruned["Resources"].items() if r["Type"] in IN_STACK}
    kept = marked(stack, kept, others=set(resources) - set(kept))
    body = {**{k: v for k, v in pruned.items() if k not in ("Rules", "Outputs")}, "Resources": kept}
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="key", Body=b"a zip would do")
        client = boto3.client("cloudformation")
        client.create_stack(
            StackName="gptdock", TemplateBody=json.dumps(body), Parameters=parameters, Capabilities=["CAPABILITY_IAM"]
        )
        (made,) = client.describe_stacks(StackName="gptdock")["Stacks"]
        check(made["StackStatus"] == "CREATE_COMPLETE", f"{name}: {made['StackStatus']}")
        listed = client.describe_stack_resources(StackName="gptdock")["StackResources"]
        taken = {r["LogicalResourceId"] for r in listed}
        should = {n for n, r in resources.items() if r["Type"] in IN_STACK}
        check(taken == should, f"{name}: in the stack and should not, or not and should: {taken ^ should}")

        known = {r["LogicalResourceId"]: r.get("PhysicalResourceId", r["LogicalResourceId"]) for r in listed}
        others = [(n, r) for kind in CALLS for n, r in resources.items() if r["Type"] == kind]
        unmade = set()
        for other, resource in others:
            answer = call(other, json.loads(filled(json.dumps(resource), known)))
            known[other] = (answer and identity(resource, answer)) or other
            unmade |= set() if answer else {resource["Type"]}
    lacks = f"; moto lacks the call of {', '.join(sorted(unmade))}" if unmade else ""
    print(f"{name}: a stack of {len(taken)} resources, {len(others)} calls{lacks}", flush=True)


def main():
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    template = translated()
    for name, given in STACKS.items():
        make(template, name, given)


if __name__ == "__main__":
    main()
