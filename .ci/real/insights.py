"""Queries of CloudWatch Logs Insights, as far as ours go: which fields each names."""

import re

WORDS = set("""and or not in like as by asc desc fields filter stats sort limit display dedup
    count count_distinct sum avg min max pct latest earliest bin ispresent round coalesce""".split())


def fields(query):
    """(the events that it filters by, the names that it takes from lines)"""
    events = set(re.findall(r"event = '(\w+)'", query))
    for several in re.findall(r"event in \[(.*?)\]", query):
        events |= set(re.findall(r"'(\w+)'", several))
    bare = re.sub(r"SOURCE '[^']*'", "", query)
    bare = re.sub(r"'[^']*'", " ", bare)
    own = set(re.findall(r"\bas (\w+)", bare))
    bare = re.sub(r"\bbin\(\w+\)", " ", bare)
    names = set(re.findall(r"(?<![\w@.])[A-Za-z_][\w.]*", bare))
    return events, names - WORDS - own
