"""What the function writes, read from its source: metrics, dimensions, routes, and the fields of each line of its log."""

import re

from harness import ROOT, check


def read(path):
    return (ROOT / "src" / path).read_text()


def constant(name, text):
    found = re.search(rf'pub const {name}: &str = "([^"]+)"', text)
    check(found, f"src/metrics.rs has no {name}")
    return found[1]


def metrics():
    """(namespace, {metric: "count" or "time"}, [the sets of dimensions])"""
    text = read("metrics.rs")
    names = dict(reversed(pair) for pair in re.findall(r'^    (count|time)\("(\w+)"', text, re.M))
    (number,) = re.findall(r"METRICS: \[Metric; (\d+)\]", text)
    check(len(names) == int(number), f"read {len(names)} metrics in src/metrics.rs, which has {number}")
    (sets,) = re.findall(r"DIMENSIONS: .*? = \[(.*)\];", text)
    dimensions = [[constant(name, text) for name in re.findall(r"\w+", one)] for one in re.findall(r"&\[(.*?)\]", sets)]
    check(dimensions, "no dimensions in src/metrics.rs")
    return constant("NAMESPACE", text), names, dimensions


def routes():
    found = set(re.findall(r'=> "(/[a-z0-9/]+)"', read("route.rs")))
    check("/conversations" in found, f"routes in src/route.rs: {found}")
    return found


def lines():
    """The fields that a line of each event may have."""
    first = read("log.rs").partition("BTreeMap::from([")[2].partition("]);")[0]
    common = set(re.findall(r'\("(\w+)",', first))
    check(common == {"timestamp", "level", "event"}, f"what src/log.rs puts on every line: {common}")
    sources = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.rs") if "test" not in path.name)
    call = r'\b(?:info|warning|error)\(\s*"(\w+)",\s*&\[(.*?)\],?\s*\)'
    events = {event: set(re.findall(r'\(\s*"(\w+)"', fields)) for event, fields in re.findall(call, sources, re.S)}
    text = read("record/line.rs")
    events["request"] = set(re.findall(r"^    (\w+): ", text.partition("pub struct Line<'f> {")[2].partition("}")[0], re.M))
    check('event: "request"' in text and common <= events["request"], "src/record/line.rs is no line of a request")
    check(len(events["request"]) > 20 and "init" in events, f"lines read in src: {events}")
    return {event: fields | common for event, fields in events.items()}
