"""template.yaml: what SAM says of it, what cfn-lint says of what SAM makes of it, and what comes out in the end."""

import os
import re
import subprocess

from harness import ROOT, check
from lint import findings
from stack import FUNCTION, MANAGED, REQUIRED, TENANTS, Stack, source, translated

NETWORK = {"ManagedSubnetIds": "subnet-0", "ManagedSecurityGroupIds": "sg-0"}


def check_parameters(template):
    for name, parameter in template["Parameters"].items():
        check(parameter.get("Description"), f"{name} has no description")
        limits = {"AllowedValues", "AllowedPattern", "MinValue", "MaxLength"}
        check(limits & set(parameter), f"{name} takes anything")
        default = parameter.get("Default")
        if default is not None and "AllowedPattern" in parameter:
            check(re.search(parameter["AllowedPattern"], default), f"{name}: its own default does not fit")
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in groups["ParameterGroups"] for name in group["Parameters"]]
    check(sorted(grouped) == sorted(template["Parameters"]), "a parameter is in no group, or in two")
    check(sorted(groups["ParameterLabels"]) == sorted(template["Parameters"]), "a parameter has no label")


def check_url(template):
    url = Stack(template).properties(f"{FUNCTION}Url")
    check(url["InvokeMode"] == "RESPONSE_STREAM" and url["AuthType"] == "NONE", f"Function URL: {url}")
    check(set(url["Cors"]["AllowMethods"]) == {"GET", "POST"}, f"methods: {url['Cors']}")
    check(url["TargetFunctionArn"] == f"<{FUNCTION}Aliaslive>", f"the URL is not the alias's: {url}")
    for front, caller in (("false", "*"), ("true", "cloudfront.amazonaws.com")):
        made = Stack(template, CloudFront=front).resources().values()
        # Without both of them every call is a 403.
        allowed = {r["Properties"]["Action"]: r["Properties"] for r in made if r["Type"] == "AWS::Lambda::Permission"}
        check(set(allowed) == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}, f"permissions: {allowed}")
        for permission in allowed.values():
            check(permission["Principal"] == caller, f"who may call: {permission}")
            check(("SourceArn" in permission) == (front == "true"), f"any distribution may call: {permission}")
            check(permission["FunctionName"] == url["TargetFunctionArn"], f"not for the alias: {permission}")


def check_environment(template):
    plain = Stack(template).environment()
    for name in ("OPENAI_MODEL", "SYSTEM_PROMPT", "OPENAI_FALLBACK_MODELS", "OPENAI_FALLBACK_BASEURL"):
        check(name not in plain, f"{name} must be left out when its parameter is empty")
    check("" not in plain.values(), f"empty variables: {plain}")

    off = Stack(template, FallbackModels="none", FallbackBaseUrl="none").environment()
    check(off["OPENAI_FALLBACK_MODELS"] == off["OPENAI_FALLBACK_BASEURL"] == "", "none must turn the fallbacks off")
    on = Stack(template, FallbackModels="a,b", FirstEventTimeoutMs=5, CacheTtlSeconds=60).environment()
    check(on["OPENAI_FALLBACK_MODELS"] == "a,b", "FallbackModels is lost")
    check((on["FIRST_EVENT_TIMEOUT_MS"], on["CACHE_TTL_SECONDS"]) == ("5", "60"), f"lost: {on}")

    # A variable that the function never reads is a setting that silently does nothing.
    sources = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.rs"))
    everything = template["Resources"][FUNCTION]["Properties"]["Environment"]["Variables"]
    unread = [name for name in everything if f'"{name}"' not in sources]
    check(not unread, f"the template sets what the function does not read: {unread}")


def check_role(template):
    for tenants in ("", TENANTS):
        stack = Stack(template, ConnectTenantsSecretArn=tenants)
        statements = stack.properties("GptDockRole")["Policies"][0]["PolicyDocument"]["Statement"]
        allowed = {s["Sid"]: s["Resource"] for s in statements}
        secrets = [REQUIRED["OpenAISecretArn"]] + ([tenants] if tenants else [])
        check(allowed == {"WriteItsLog": "<GptDockLogGroup.Arn>", "ReadItsSecrets": secrets}, f"the role may: {allowed}")
    check("ManagedPolicyArns" not in stack.properties("GptDockRole"), "the role has policies of others")

    traces = Stack(template, Tracing="Active").properties("GptDockRole")["Policies"][0]["PolicyDocument"]["Statement"]
    check("WriteItsTraces" in {s["Sid"] for s in traces}, "Active tracing may not write its traces")

    reserved = Stack(template).properties(FUNCTION).get("ReservedConcurrentExecutions")
    check(reserved is None, f"-1 must reserve nothing: {reserved}")
    check(Stack(template, ReservedConcurrency=0).properties(FUNCTION)["ReservedConcurrentExecutions"] == 0, "0 is lost")


def check_versions(template):
    """A changed setting changes the document whose number replaces the version; what changes nothing does not."""

    def parameters_in(node):
        if isinstance(node, dict) and set(node) == {"Ref"}:
            return {node["Ref"]} & set(template["Parameters"])
        children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        return set().union(*map(parameters_in, children))

    content = template["Resources"]["GptDockSettings"]["Properties"]["Content"]
    for function, given in ((FUNCTION, {}), (MANAGED, NETWORK)):
        pruned = Stack(template, **given).pruned()["Resources"]
        properties = {k: v for k, v in pruned[function]["Properties"].items() if k != "ReservedConcurrentExecutions"}
        # Which parameters an Fn::If hides when they are left to their defaults, the whole template knows.
        properties["Environment"] = template["Resources"][function]["Properties"]["Environment"]
        missed = parameters_in(properties) - parameters_in(content)
        check(not missed, f"{function}: no new version when these change: {missed}")
        extra = parameters_in(pruned["GptDockSettings"]) - parameters_in(properties)
        check(not extra, f"{function}: a second version of the same, which Lambda refuses, when these change: {extra}")

    for function in (FUNCTION, MANAGED):
        (version,) = [r for n, r in template["Resources"].items() if n.startswith(f"{function}Version")]
        description = version["Properties"]["Description"]
        check("GptDockSettings.VersionNumber" in str(description), f"the version does not follow the settings: {version}")


def check_deployment(template):
    """Each kind of alarm that a version can be at fault for rolls it back, unless that is switched off."""
    group = Stack(template).properties(f"{FUNCTION}DeploymentGroup")
    named = {alarm["Name"].strip("<>") for alarm in group["AlarmConfiguration"]["Alarms"]}
    alarms = {n for n, r in template["Resources"].items() if r["Type"] == "AWS::CloudWatch::Alarm"}
    check(named == alarms - {"ThrottlesAlarm"}, f"what rolls back: {named}")
    check(group["AutoRollbackConfiguration"]["Enabled"] is True, f"nothing is rolled back: {group}")
    off = Stack(template, RollBackOnAlarms="false").properties(f"{FUNCTION}DeploymentGroup")
    check(not off["AlarmConfiguration"], f"alarms still roll back: {off}")
    for given in template["Parameters"]["DeploymentType"]["AllowedValues"]:
        group = Stack(translated(DeploymentType=given)).properties(f"{FUNCTION}DeploymentGroup")
        check(group["DeploymentConfigName"] == f"CodeDeployDefault.Lambda{given}", f"{given}: {group}")


def main():
    os.chdir(ROOT)
    subprocess.run(["sam", "validate", "--lint"], check=True)

    template = translated()
    found = findings(template)
    check(not found, f"cfn-lint: {found}")
    print("cfn-lint: nothing to say about what SAM makes of it")

    check_parameters(source())
    check_url(template)
    check_environment(template)
    check_role(template)
    check_versions(template)
    check_deployment(template)
    print(f"{len(template['Parameters'])} parameters, {len(template['Resources'])} resources: as they should be")


if __name__ == "__main__":
    main()
