"""Concurrent transfers of equal amounts over HTTP, and what they did to the sum of the balances.

python traffic.py http://127.0.0.1:5001 --transfers 16 --at-once 4
"""

import argparse
import http.client
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import urlsplit

ACCOUNTS = ("alice", "bob")
TIMEOUT_S = 10


class Outcome(NamedTuple):
    """The sum of the balances before and after, and how many transfers the bank confirmed."""

    before: int
    after: int
    confirmed: int


def drive(url: str, transfers: int = 16, at_once: int = 4, amount: int = 10) -> Outcome:
    """Send the transfers, from the first account to the second, `at_once` at a time."""
    order = {"from": ACCOUNTS[0], "to": ACCOUNTS[1], "amount": amount}
    before = total(url)
    with ThreadPoolExecutor(at_once) as pool:
        statuses = list(pool.map(lambda _: ask(url, "POST", "/transfer", order)[0], range(transfers)))
    return Outcome(before, total(url), statuses.count(200))


def total(url: str) -> int:
    """Return the sum of the balances, as the bank tells them."""
    return sum(int(ask(url, "GET", f"/accounts/{name}")[1]["balance"]) for name in ACCOUNTS)


def ask(
    url: str, method: str, path: str, body: dict[str, object] | None = None
) -> tuple[int, dict[str, int]]:
    """Make one request on a connection of its own; return the status and the JSON of the answer."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def main() -> int:
    """Drive one bank and print the sums; return 1 if money appeared or vanished."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("url")
    parser.add_argument("--transfers", type=int, default=16)
    parser.add_argument("--at-once", type=int, default=4)
    arguments = parser.parse_args()
    outcome = drive(arguments.url, arguments.transfers, arguments.at_once)
    print(f"{outcome.confirmed} transfers confirmed; sum of balances {outcome.before}, then {outcome.after}")
    return int(outcome.before != outcome.after)


if __name__ == "__main__":
    sys.exit(main())
