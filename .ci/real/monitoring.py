"""What the operator looks at names what the code writes: alarms, dashboard, the filter of init errors, and the queries.

Renamed in the code or in the template, a metric, a dimension, a route or a field makes this fail.
"""

import json
import logging
import re

from harness import ROOT, check
from insights import fields
from stack import Stack, translated
from written import lines, metrics, routes

NAMESPACE, METRICS, DIMENSIONS = metrics()
ROUTES, LINES = routes(), lines()
# Of AWS's own, what is used here.
LAMBDA = {"Throttles", "Errors", "ConcurrentExecutions"}
STATISTICS = {"count": {"Sum", "Average", "SampleCount"}, "time": {"p50", "p95", "p99", "SampleCount"}}
NETWORK = {"ManagedSubnetIds": "subnet-0", "ManagedSecurityGroupIds": "sg-0"}
# What Lambda writes when an environment started, or did not (its Telemetry API's platform.initReport).
REPORT = {"time": "2026-11-22T00:00:00.000Z", "type": "platform.initReport", "record": {"initializationType": "on-demand", "phase": "init"}}


def check_metric(where, namespace, name, dimensions, statistic, function, own):
    if namespace == NAMESPACE:
        check(name in METRICS, f"{where}: the code emits no {name}")
        check(sorted(dimensions) in map(sorted, DIMENSIONS), f"{where}: {name} has no dimensions {list(dimensions)}")
        check(statistic in STATISTICS[METRICS[name]], f"{where}: {statistic} says nothing of {name}")
        route = dimensions.get("Route")
        check(route is None or route in ROUTES, f"{where}: no such route: {route}")
    elif namespace == own[0]:
        check(name == own[1] and not dimensions, f"{where}: the filter makes {own}, not {name}")
    else:
        check(namespace == "AWS/Lambda" and name in LAMBDA, f"{where}: {namespace} {name}?")
        check(dimensions == {"FunctionName": function}, f"{where}: of which function? {dimensions}")


def check_alarms(resources, function, own):
    watched = set()
    alarms = {n: r["Properties"] for n, r in resources.items() if r["Type"] == "AWS::CloudWatch::Alarm"}
    for name, alarm in alarms.items():
        check(alarm["TreatMissingData"] == "notBreaching", f"{name}: an hour without requests is an alarm")
        check(alarm["AlarmDescription"], f"{name}: no description")
        check(float(alarm["Threshold"]) >= 0, f"{name}: no threshold")
        ids = [m["Id"] for m in alarm.get("Metrics", [])]
        for metric in [m for m in alarm.get("Metrics", []) if "MetricStat" in m] or [alarm]:
            stat = metric.get("MetricStat", {"Metric": metric, "Stat": metric.get("Statistic")})
            of = stat["Metric"]
            dimensions = {d["Name"]: d["Value"] for d in of.get("Dimensions", [])}
            check_metric(name, of["Namespace"], of["MetricName"], dimensions, stat["Stat"], function, own)
            watched.add((of["MetricName"], dimensions.get("Route")))
        for metric in alarm.get("Metrics", []):
            used = set(re.findall(r"\b[a-z]\w*\b", metric.get("Expression", "")))
            check(used <= set(ids), f"{name}: its expression knows no {used - set(ids)}")
        returned = [m for m in alarm.get("Metrics", []) if m.get("ReturnData", True)]
        check(not ids or len(returned) == 1, f"{name}: judges {len(returned)} results")
    for metric in ("GatewayErrors", "StreamsInterrupted", "TimeToFirstToken"):
        for route in ("/conversations", "/v1/chat/completions"):
            check((metric, route) in watched, f"no alarm for {metric} of {route}")
    check({("Throttles", None), (own[1], None)} <= watched, "no alarm for throttles or init errors")
    return set(alarms)


def searches(expression):
    """(names, dimensions, statistic) of each SEARCH of an expression."""
    pattern = r"""SEARCH\('\{(\w+),([\w,]+)\} MetricName="(\w+)"', '(\w+)'\)"""
    found = re.findall(pattern, expression)
    check(len(found) == expression.count("SEARCH") == 1, f"not a search that this check can read: {expression}")
    return found[0]


def check_dashboard(resources, alarms, function, own):
    shown, cells = set(), set()
    for widget in json.loads(resources["GptDockDashboard"]["Properties"]["DashboardBody"])["widgets"]:
        properties = widget["properties"]
        where = f"dashboard, {properties['title']}"
        place = {(widget["x"] + x, widget["y"] + y) for x in range(widget["width"]) for y in range(widget["height"])}
        check(not place & cells and max(x for x, _ in place) < 24, f"{where}: lies on another widget, or off the page")
        cells |= place
        if widget["type"] == "alarm":
            shows = {arn.strip("<>").removesuffix(".Arn") for arn in properties["alarms"]}
            check(shows == alarms, f"{where}: {shows ^ alarms}")
        elif widget["type"] == "log":
            check_query(where, properties["query"])
        else:
            check(widget["type"] == "metric" and properties["region"], f"{where}: {widget}")
            for row in properties["metrics"]:
                if isinstance(row[0], dict):
                    namespace, dimensions, name, statistic = searches(row[0]["expression"])
                    dimensions = dict.fromkeys(dimensions.split(","))
                    labels = set(re.findall(r"PROP\('Dim\.(\w+)'\)", row[0].get("label", "")))
                    check(labels <= set(dimensions), f"{where}: no such dimension in the label: {row}")
                    check(namespace == NAMESPACE, f"{where}: another namespace: {row}")
                else:
                    namespace, name, *rest = row
                    dimensions = dict(zip(rest[:-1:2], rest[1:-1:2]))
                    statistic = rest[-1]["stat"]
                check_metric(where, namespace, name, dimensions, statistic, function, own)
                shown |= {name, f"{name} {statistic}"}
    missing = set(METRICS) - shown
    check(not missing, f"the dashboard does not show {missing}")
    wanted = {f"TimeToFirstToken {p}" for p in ("p50", "p95", "p99")}
    check(wanted <= shown, f"the dashboard does not show {wanted - shown}")


def matches(pattern, line):
    """Whether a metric filter of the one form that ours has matches a line: alternatives of equal fields."""
    bare = re.sub(r'[({]?\$\.[\w.]+ = "[^"]*"\)?|&&|\|\||[{}()\s]', "", pattern)
    check(not bare, f"not a pattern that this check can read: {bare}")

    def field(path):
        value = line
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return value

    equal = [re.findall(r'\$\.([\w.]+) = "([^"]*)"', alternative) for alternative in pattern.split("||")]
    return any(all(field(path) == value for path, value in terms) for terms in equal)


def check_filter(resources):
    properties = resources["InitErrorsFilter"]["Properties"]
    pattern = properties["FilterPattern"]
    check({"event", "level"} <= LINES["init"], f"the line of an init error: {LINES.get('init')}")
    check('log::error("init"' in (ROOT / "src/main.rs").read_text(), "src/main.rs writes no error \"init\"")
    reports = {s: {**REPORT, "record": {**REPORT["record"], "status": s}} for s in ("success", "error", "failure", "timeout")}
    for line in ({"event": "init", "level": "ERROR"}, reports["error"], reports["failure"], reports["timeout"]):
        check(matches(pattern, line), f"the filter does not see {line}")
    for line in (reports["success"], {"event": "request", "level": "INFO"}, {"type": "platform.report", "record": {"status": "error"}}):
        check(not matches(pattern, line), f"the filter takes for an init error: {line}")
    (made,) = properties["MetricTransformations"]
    return made["MetricNamespace"], made["MetricName"]


def check_query(where, query):
    events, names = fields(query)
    check(events, f"{where}: of which lines? {query}")
    for event in events:
        check(event in LINES, f"{where}: no line has the event {event}")
    known = set().union(*(LINES[event] for event in events))
    check(names <= known, f"{where}: no such field: {names - known}")


def check_guide():
    """Every query of the operations guide; answers with their number and the alarms that its table explains."""
    text = (ROOT / "docs/operations.md").read_text()
    queries = re.findall(r"```logs-insights\n(.*?)```", text, re.S)
    check(len(queries) >= 8, f"docs/operations.md has {len(queries)} queries")
    for query in queries:
        check_query("docs/operations.md", query)
    cells = re.findall(r"^\| (`.*?) \|", text.partition("## Alarms")[2].partition("\n## ")[0], re.M)
    return len(queries), set(re.findall(r"`([\w-]+)`", " ".join(cells)))


def main():
    logging.disable(logging.CRITICAL)
    template = translated()
    queries, explained = check_guide()
    for function, given in (("gptdock", {}), ("gptdock-managed", NETWORK)):
        resources = Stack(template, **given).resources()
        own = check_filter(resources)
        alarms = check_alarms(resources, function, own)
        check_dashboard(resources, alarms, function, own)
        named = {resources[alarm]["Properties"]["AlarmName"].removeprefix("gptdock-") for alarm in alarms}
        check(named == explained, f"docs/operations.md does not explain just the alarms that there are: {named ^ explained}")
    print(f"{len(METRICS)} metrics, {len(alarms)} alarms, {queries} queries: each names what the code writes")


if __name__ == "__main__":
    main()
