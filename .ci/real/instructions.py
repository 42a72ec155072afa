"""Instructions that the deployed binary takes, counted by callgrind and compared with those that were kept.

    .ci/run instructions                                      compares with benches/instructions.json
    . .ci/env && python .ci/real/instructions.py --accept     keeps what it counts as the new values
    . .ci/env && python .ci/real/instructions.py --repeat 5   counts so often and prints the spread; compares nothing

A count hardly depends on how busy the machine is, which a time does. So that it doesn't depend on how bytes fall into
reads either, everything is sent in one write, and the gateway sends an event only when the one before has arrived.
"""

import argparse
import json
import os
import platform
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from harness import ROOT, check, fail
from lockstep import GATEWAY, LAMBDA, SECRETS, Conversations, serving

BOOTSTRAP = Path(os.environ["GPTDOCK_SAM_BUILD"]) / "GptDockFunction" / "bootstrap"
KEPT = ROOT / "benches" / "instructions.json"
ACCEPT = ". .ci/env && python .ci/real/instructions.py --accept"

# A conversation's events; how many more the long one has; how many more conversations the long life has.
EVENTS, MORE_EVENTS, MORE_CONVERSATIONS = 10, 400, 20


def instructions(conversations):
    """What one process takes that has these conversations, each as many events long as the list says."""
    world = Conversations(conversations)
    with tempfile.TemporaryDirectory() as scratch, serving(world) as ports:
        environment = {
            "AUTH_MODE": "none",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "AWS_SESSION_TOKEN": "token",
            "AWS_REGION": "us-east-1",
            "AWS_LAMBDA_FUNCTION_NAME": "gptdock",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{ports[LAMBDA]}",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": f"http://127.0.0.1:{ports[SECRETS]}",
            "OPENAI_BASEURL": f"http://127.0.0.1:{ports[GATEWAY]}",
            "OPENAI_API_KEY_SECRET_ARN": "gptdock/openai",
            "OPENAI_FALLBACK_BASEURL": "",
        }
        counts, log = Path(scratch) / "counts", Path(scratch) / "log"
        valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={counts}", str(BOOTSTRAP)]
        with open(log, "wb") as out:
            process = subprocess.Popen(valgrind, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            try:
                idle = world.idle.wait(120)
                settle(process.pid)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(60)
        text = counts.read_text() if counts.exists() else ""
        total = re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)
        check(idle and total and not world.trouble, f"{world.trouble or 'no count'}:\n{log.read_text()[-3000:]}")
        return int(total[1])


def settle(pid):
    """Waits until the process does nothing but wait for work, so that its end comes at the same instruction every time."""

    def state():
        threads = Path(f"/proc/{pid}/task").iterdir()
        return [(thread / "stat").read_text().rsplit(")")[1][:2] + (thread / "schedstat").read_text() for thread in threads]

    for _ in range(200):
        before = state()
        time.sleep(0.05)
        if before == state() and all(thread.startswith(" S") for thread in before):
            return


def measure():
    start = instructions([])
    one = instructions([EVENTS])
    long = instructions([EVENTS + MORE_EVENTS])
    more = instructions([EVENTS] * (1 + MORE_CONVERSATIONS))
    event = (long - one) / MORE_EVENTS
    return {
        "cold start to first poll": start,
        "first conversation": round(one - start - EVENTS * event),
        "conversation": round((more - one) / MORE_CONVERSATIONS - EVENTS * event),
        "event": round(event),
    }


def compare(measured, kept, tolerance):
    """One sentence for each number that changed by more than counts differ between two runs of the same binary."""
    for name, count in measured.items():
        change = 100 * (count - kept[name]) / kept[name]
        print(f"{name:25} {count:>12,}  kept {kept[name]:>12,}  {change:+6.2f} %  (tolerance {tolerance[name]} %)")
        if abs(change) > tolerance[name]:
            verb = "grew" if change > 0 else "fell"
            yield f"instructions per {name} {verb} by {change:+.2f} %, from {kept[name]:,} to {count:,}"


def repeat(times):
    runs = [measure() for _ in range(times)]
    for name in runs[0]:
        counts = sorted(run[name] for run in runs)
        spread = 100 * (counts[-1] - counts[0]) / counts[0]
        print(f"{name:25} {counts[0]:>12,} to {counts[-1]:>12,}  spread {spread:.3f} %")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("--repeat", type=int)
    options = parser.parse_args()
    if options.repeat:
        return repeat(options.repeat)

    book = json.loads(KEPT.read_text())
    machine = platform.machine()
    measured = measure()
    if options.accept:
        book["kept"][machine] = measured
        KEPT.write_text(json.dumps(book, indent=2) + "\n")
        return print(f"kept for {machine}: {measured}")
    if machine not in book["kept"]:
        return print(f"nothing is kept for {machine}, so nothing is compared: {measured}\nkeep it: {ACCEPT}")
    changes = list(compare(measured, book["kept"][machine], book["tolerance in percent"]))
    if changes:
        fail("; ".join(changes) + f".\nIf this is meant, worse or better, keep the new values: {ACCEPT}")


if __name__ == "__main__":
    main()
