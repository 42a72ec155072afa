"""Every check of the browser, in one Chromium."""

import sys
import time

import failing
import keyboard
import looks
import markdown
import origins
import talking
from browser import PICTURES, chromium
from example import asking
from gateway import Gateway

CHECKS = [
    talking.word_by_word,
    talking.turns,
    talking.stopped,
    talking.left,
    failing.interrupted,
    failing.rate_limited,
    failing.cut_short,
    failing.function_gone,
    markdown.formatted,
    markdown.harmless,
    keyboard.keyboard,
    looks.narrow,
    looks.follows,
    looks.colours,
    looks.readme,
    origins.origins,
]


def main():
    named = sys.argv[1:]
    with chromium() as browser, Gateway() as gateway, asking(gateway) as local:
        for check in CHECKS:
            if named and check.__name__ not in named:
                continue
            started = time.monotonic()
            check(browser, gateway, local)
            gateway.idle()
            print(f"{check.__name__:<16}{time.monotonic() - started:6.1f} s", flush=True)
    print(f"pictures: {PICTURES}")


if __name__ == "__main__":
    main()
